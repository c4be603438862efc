"""The JSON Schema and confluxctl give the same verdicts. Arguments: the program, the source directory.

YAML is loaded here by the JSON schema of YAML 1.2 (section 10.2), as editors do: only true, false,
null and JSON numbers are not strings. What a schema cannot see is listed in beyond_schema/.
"""

import json
import os
import re
import subprocess
import sys
import unittest

import jsonschema
import yaml

PROGRAM, SOURCE = sys.argv[1:3]
CORPUS = os.path.join(SOURCE, "test/config/corpus")


class JsonLoader(yaml.SafeLoader):
    """PyYAML with the resolution rules of YAML 1.2's JSON schema."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (
        ("tag:yaml.org,2002:null", r"^(?:null|~|)$", ["n", "~", ""]),
        ("tag:yaml.org,2002:bool", r"^(?:true|false)$", ["t", "f"]),
        ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
        ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)(?:[eE][-+]?[0-9]+)?$",
         list("-0123456789"))):
    JsonLoader.add_implicit_resolver(tag, re.compile(pattern), first)


def run(*arguments, text=None):
    return subprocess.run([PROGRAM, "config", *arguments], input=text, capture_output=True,
                          check=False, timeout=60)


SCHEMA = json.loads(run("schema").stdout)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def schema_accepts(text):
    return VALIDATOR.is_valid(yaml.load(text, JsonLoader))


def program_accepts(text):
    code = run("check", "-", text=text).returncode
    assert code in (0, 78), code
    return code == 0


def files(directory):
    folder = os.path.join(CORPUS, directory)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yaml"):
            with open(os.path.join(folder, name), "rb") as file:
                yield name, file.read()


def options(node, path=()):
    """Every option of the schema, as (path, schema)."""
    for key, child in node["properties"].items():
        if "properties" in child:
            yield from options(child, path + (key,))
        elif "maxProperties" not in child:
            yield path + (key,), child


VALUES = """0 1 2 3 8 9 16 17 -1 01 0x2 1_0 4294967298 "2" true false yes null ~ [] {} [1] [[]] {a: b}
stock fast lab Fast auto min_rtt low_rtt no_opinion min_latency low_mem_latency high_throughput
low_mem_throughput throughput refuse single_path single-path error warn info debug trace warning
60s 1s 100ms 1m30s 1m1s1ms 30s1m 15 1h2 5min s "10s" 10S
0B 4KiB 1MiB 16MiB 1GiB 16M 16MB 1.5MiB 01MiB MiB "1MiB" 1MiB1KiB
/a /a/b a/b ./a ~/a /a/ // / '' "" "/a b" /ä""".split("\n")
VALUES = [value for line in VALUES for value in re.findall(r'"[^"]*"|\'[^\']*\'|\{[^}]*\}|\S+', line)]
PIN = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD"
VALUES += [f"[{PIN}]", f"[{PIN}0]", f"[{PIN[1:]}]", f"['{PIN}', {PIN[::-1]}]", f"[g{PIN[1:]}]"]


def document(path, value):
    if path == ("version",):
        return f"version: {value}\n".encode()
    lines = ["version: 1"]
    lines += ["  " * depth + key + ":" for depth, key in enumerate(path)]
    return ("\n".join(lines) + f" {value}\n").encode()


def beyond_the_schema(text):
    """True if all that confluxctl finds is a size or duration out of range or a rule between two."""
    report = json.loads(run("check", "--format", "json", "-", text=text).stdout)
    errors = [found for found in report["diagnostics"] if found["severity"] == "error"]
    ranges = re.compile(r"^a (size|duration) from ")
    rules = re.compile(r"does not go with conflux\.(legs|reorder)\.")
    return all((ranges.match(found["expected"]) and "(" not in found["message"]) or
               rules.search(found["message"]) for found in errors)


class Agreement(unittest.TestCase):
    def test_the_schema_is_a_valid_draft_07_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_both_accept_the_good_corpus(self):
        for name, text in files("good"):
            self.assertTrue(schema_accepts(text), name)
            self.assertTrue(program_accepts(text), name)

    def test_both_refuse_the_bad_corpus(self):
        for name, text in files("bad"):
            self.assertFalse(schema_accepts(text), name)
            self.assertFalse(program_accepts(text), name)

    def test_only_the_program_refuses_what_lies_beyond_the_schema(self):
        for name, text in files("beyond_schema"):
            self.assertFalse(program_accepts(text), name)

    def test_both_accept_the_defaults(self):
        for profile in ("stock", "fast", "lab"):
            text = run("defaults", "--profile", profile).stdout
            self.assertTrue(schema_accepts(text) and program_accepts(text), profile)

    def test_both_agree_on_every_option_with_every_value(self):
        accepted = refused = 0
        for path, _ in options(SCHEMA):
            for value in VALUES:
                text = document(path, value)
                by_program = program_accepts(text)
                if not by_program and schema_accepts(text) and beyond_the_schema(text):
                    continue
                self.assertEqual(schema_accepts(text), by_program, text.decode())
                accepted += by_program
                refused += not by_program
        self.assertGreater(accepted, 60)
        self.assertGreater(refused, 600)

    def test_both_agree_on_what_each_profile_allows(self):
        for profile in (None, "stock", "fast", "lab"):
            for count in (1, 2, 3, 8):
                for scheduler in (None, "auto", "min_rtt", "low_rtt"):
                    lines = ["version: 1", "conflux:", f"  legs: {{count: {count}}}"]
                    lines += [f"  profile: {profile}"] if profile else []
                    lines += [f"  scheduler: {scheduler}"] if scheduler else []
                    text = "\n".join(lines).encode()
                    self.assertEqual(schema_accepts(text), program_accepts(text), text.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
