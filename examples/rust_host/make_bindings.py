#!/usr/bin/env python3
"""Makes mpath/sys.rs, the contract's C declarations in Rust, from the headers.

    make_bindings.py            # writes mpath/sys.rs
    make_bindings.py --check    # fails if it is not what the headers say (a test runs this)
    make_bindings.py --output FILE

Understands what the headers of the contract are made of (numbers, structs of plain data, function
pointers, one list of reasons), and refuses anything else rather than skip it.
"""
import argparse
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADERS = HERE.parents[1] / "host_api/include/mpath"
ORDER = ("base", "tunnel", "cells", "events", "reasons", "plugin")
SCALARS = {"uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64",
           "int32_t": "i32", "size_t": "usize", "char": "c_char", "void": "c_void"}
HEAD = """\
//! The C declarations of the contract, made from `host_api/include/mpath` by `make_bindings.py`;
//! do not edit. What they mean stands in the headers.
#![allow(non_camel_case_types)]
#![allow(dead_code)] // whole on purpose: a host uses a part of it
#![allow(clippy::type_complexity)]
#![cfg_attr(rustfmt, rustfmt_skip)]

use std::os::raw::{c_char, c_void};
"""
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"^(const\s+)?(\w+)\s*(.*?)(\w+)(?:\[(\w+)\])?$", re.DOTALL)
FUNCTION = re.compile(r"^(.*?)\(\s*\*\s*(\w+)\s*\)\s*\((.*)\)$", re.DOTALL)


def header(name: str) -> str:
    text = COMMENT.sub(" ", (HEADERS / f"{name}.h").read_text())
    text = text.replace("\\\n", " ")
    # What only a plugin declares, and what only C++ sees.
    text = re.sub(r"#if defined\(MPATH_BUILDING_PLUGIN\).*?#endif", "", text, flags=re.DOTALL)
    return re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL)


def rust_type(base: str, const: bool, stars: str) -> str:
    out = SCALARS.get(base, base)
    # `const T *const *`: each star with the constness of what stands before it.
    for level in re.findall(r"\*\s*(const)?", stars):
        out = f"*{'const' if const else 'mut'} {out}"
        const = level == "const"
    return out


def declaration(text: str) -> tuple[str, str]:
    """("name", "Rust type") of a field or parameter."""
    match = DECLARATION.match(" ".join(text.split()))
    if match is None:
        raise SystemExit(f"make_bindings.py: cannot read the declaration {text!r}")
    const, base, stars, name, length = match.groups()
    out = rust_type(base, const is not None, stars)
    if length is not None:
        out = f"[{out}; {length}{' as usize' if length.isidentifier() else ''}]"
    return ("r#" + name if name in ("type", "ref", "move") else name), out


def function(text: str) -> tuple[str, str] | None:
    match = FUNCTION.match(" ".join(text.split()))
    if match is None:
        return None
    returned, name, parameters = match.groups()
    _, answer = declaration(returned + " answer")
    inner = ", ".join("{}: {}".format(*declaration(it)) for it in parameters.split(","))
    return name, f"Option<unsafe extern \"C\" fn({inner}) -> {answer}>"


def structs(text: str):
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, re.DOTALL):
        members = [member.strip() for member in body.split(";")]
        fields = [function(member) or declaration(member) for member in members if member]
        yield name, fields


def number(text: str) -> str | None:
    """The Rust of a C number; None if it is none."""
    text = text.strip().strip("()")
    if match := re.fullmatch(r"UINT64_MAX(?: >> (\d+))?", text):
        return "u64::MAX" + (f" >> {match.group(1)}" if match.group(1) else "")
    if match := re.fullmatch(r"(-?\d+|0x[0-9A-Fa-f]+)(u|ull)?", text):
        return match.group(1)
    return None


def constants(text: str):
    for name, value in re.findall(r"^#define (MPATH_\w+)[ \t]+(.+?)\s*$", text, re.MULTILINE):
        if name == "MPATH_REASON_LIST":
            for reason, amount in re.findall(r"X\((\w+), (\d+), ", value):
                yield f"MPATH_REASON_{reason}", "u32", amount
        elif name == "MPATH_NEGOTIATE_SYMBOL":
            yield name, "&[u8]", "b" + value[:-1] + '\\0"'
        elif (plain := number(value)) is not None:
            wide = "u64::MAX" in plain or value.endswith("ull")
            status = re.search(r"MPATH_(E_|OK$|BLOCKED$|HELD$|CONSUMED$|PASS$|IGNORED$)", name)
            yield name, "u64" if wide else "mpath_status" if status else "u32", plain
        else:
            raise SystemExit(f"make_bindings.py: cannot read #define {name} {value}")


def aliases(text: str):
    for base, name in re.findall(r"^typedef (\w+) (\w+);", text, re.MULTILINE):
        yield f"pub type {name} = {SCALARS[base]};\n"
    for name in re.findall(r"^typedef struct (\w+) \1;", text, re.MULTILINE):
        yield f"#[repr(C)]\npub struct {name} {{\n    _opaque: [u8; 0],\n}}\n"
    for declared in re.findall(r"^typedef (\w+ \(\*\w+\)\([^;]*\));", text, re.MULTILINE):
        name, rust = function(declared) or ("", "")
        yield f"pub type {name} = {rust};\n"


def bindings() -> str:
    parts = [HEAD]
    for name in ORDER:
        text = header(name)
        parts.append(f"\n// mpath/{name}.h\n")
        parts.extend(f"pub const {it}: {kind} = {value};\n" for it, kind, value in constants(text))
        parts.extend("\n" + it for it in aliases(text))
        for struct, fields in structs(text):
            copy = "#[derive(Clone, Copy)]\n"
            inner = "".join(f"    pub {field}: {rust},\n" for field, rust in fields)
            parts.append(f"\n#[repr(C)]\n{copy}pub struct {struct} {{\n{inner}}}\n")
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--output", type=Path, default=HERE / "mpath/sys.rs", help="FILE to write")
    arguments = parser.parse_args()
    text = bindings()
    if not arguments.check:
        arguments.output.write_text(text)
        return 0
    if arguments.output.read_text() == text:
        return 0
    print(f"{arguments.output} is not what the headers say: run examples/rust_host/"
          "make_bindings.py and adapt the host", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
