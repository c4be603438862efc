# bash completion for confluxctl; install as /usr/share/bash-completion/completions/confluxctl
# Works without the bash-completion package too: source it.

_confluxctl_sort="rtt reorder switches ratio age tunnel"

# The options of a command, as `confluxctl COMMAND --help` lists them.
_confluxctl_options() {
  local connect="--address --instance --ca --cert --key"
  case $1 in
    "") echo "--help --version" ;;
    top) echo "--help --interval --once --sort --reverse --filter --limit --ascii $connect" ;;
    tunnels) echo "--help --json --sort --reverse $connect" ;;
    watch) echo "--help --interval --changed --count --json $connect" ;;
    metrics) echo "--help --json --prometheus-names --describe $connect" ;;
    doctor) echo "--help --config --regions --json $connect" ;;
    "config check") echo "--help --format --strict" ;;
    "config defaults") echo "--help --profile" ;;
    *) echo "--help" ;;
  esac
}

_confluxctl_commands() {
  case $1 in
    "") echo "top tunnels watch metrics doctor config" ;;
    config) echo "check defaults explain schema reference" ;;
  esac
}

# Words that may follow an option; "-" for a file.
_confluxctl_values() {
  case $1:$2 in
    top:--sort) echo "goodput $_confluxctl_sort" ;;
    tunnels:--sort) echo "cells $_confluxctl_sort" ;;
    *:--interval) echo "500ms 1s 2s 5s 10s" ;;
    *:--address) echo "unix:/run/conflux-sidecar/grpc.sock" ;;
    *:--format) echo "text json" ;;
    *:--profile) echo "stock fast lab" ;;
    *:--config | *:--regions | *:--ca | *:--cert | *:--key) echo "-" ;;
    *:--changed) confluxctl metrics --describe 2>/dev/null | sed -n 's/^\(conflux_[a-z_]*\) .*/\1/p' ;;
    *) return 1 ;;
  esac
}

# Keys of the configuration, for `config explain`.
_confluxctl_keys() { confluxctl config explain 2>/dev/null | grep -o '^[a-z][a-z_.]*' || true; }

_confluxctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[1]-} values
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then command=""; fi
  if [[ $command == config ]] && ((COMP_CWORD > 2)); then command="config ${COMP_WORDS[2]}"; fi
  if values=$(_confluxctl_values "$command" "$previous"); then
    if [[ $values == - ]]; then
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
      return
    fi
  elif [[ $current == -* ]]; then
    values=$(_confluxctl_options "$command")
  elif [[ $command == "config check" ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    compopt -o filenames 2>/dev/null
    return
  elif [[ $command == "config explain" ]]; then
    values=$(_confluxctl_keys)
  else
    values=$(_confluxctl_commands "$command")
  fi
  mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
}

complete -F _confluxctl confluxctl
