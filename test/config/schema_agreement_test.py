"""The JSON Schema and the parser give the same verdicts.

Arguments: confluxctl, the source directory, config_verdicts.

YAML is loaded here by the JSON schema of YAML 1.2 (section 10.2), as editors do: only true, false,
null and JSON numbers are not strings. What a schema cannot see is listed in beyond_schema/.
"""

import json
import os
import re
import struct
import subprocess
import sys
import unittest

import jsonschema
import yaml

PROGRAM, SOURCE, VERDICTS = sys.argv[1:4]
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


def run(*arguments):
    return subprocess.run([PROGRAM, "config", *arguments], capture_output=True, check=True,
                          timeout=60).stdout


SCHEMA = json.loads(run("schema"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def schema_accepts(text):
    return VALIDATOR.is_valid(yaml.load(text, JsonLoader))


def parser_answers(texts):
    """For each text: whether it is accepted, and its diagnostics."""
    data = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    out = subprocess.run([VERDICTS], input=data, capture_output=True, check=True, timeout=120).stdout
    answers, diagnostics = [], []
    for line in out.decode().splitlines():
        if line in ("accepted", "refused"):
            answers.append((line == "accepted", diagnostics))
            diagnostics = []
        else:
            diagnostics.append(line)
    assert len(answers) == len(texts), (len(answers), len(texts))
    return answers


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
        else:
            yield path + (key,), child


VALUES = """0 1 2 3 8 9 16 17 -1 01 0x2 1_0 4294967298 "2" true false yes null ~ [] {} [1] [[]] {a: b}
stock fast lab Fast auto min_rtt low_rtt no_opinion min_latency low_mem_latency high_throughput
low_mem_throughput throughput refuse single_path single-path error warn info debug trace warning
60s 1s 100ms 1m30s 1m1s1ms 30s1m 15 1h2 5min s "10s" 10S
0B 4KiB 1MiB 16MiB 1GiB 16M 16MB 1.5MiB 01MiB MiB "1MiB" 1MiB1KiB
/a /a/b a/b ./a ~/a /a/ // / '' "" "/a b" /ä none unix:/a unix:/a/ unix:a "unix:/a b"
127.0.0.1:0 127.0.0.1:9847 127.0.0.1:65535 127.0.0.1:65536 127.0.0.1:09 127.0.0.1 127.0.0.256:1 127.1:1
"[::1]:9847" ::1:9847 "[::1]" '[::]:1' 0.0.0.0:80 192.0.2.1:80 localhost:80 localhost a.example:80 ':80'
http://127.0.0.1:4317 http://localhost:4317 https://a.example:4317 https://a.example https://-a:1 ftp://a:1
https://[2001:db8::1]:4317 http://a.example:4317""".split("\n")
VALUES = [value for line in VALUES for value in re.findall(r'"[^"]*"|\'[^\']*\'|\{[^}]*\}|\S+', line)]
PIN = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD"
VALUES += [f"[{PIN}]", f"[{PIN}0]", f"[{PIN[1:]}]", f"['{PIN}', {PIN[::-1]}]", f"[g{PIN[1:]}]"]


def document(path, value):
    if path == ("version",):
        return f"version: {value}\n".encode()
    lines = ["version: 1"]
    lines += ["  " * depth + key + ":" for depth, key in enumerate(path)]
    return ("\n".join(lines) + f" {value}\n").encode()


BEYOND = re.compile(r': "[^"(]*": expected a (size|duration) from '
                    r"|does not go with (conflux\.(legs|reorder)|sidecar)\.")


def beyond_the_schema(diagnostics):
    """True if the only errors are sizes or durations out of range and rules between two numbers."""
    return all(BEYOND.search(line) for line in diagnostics if ": warning: " not in line)


class Agreement(unittest.TestCase):
    def test_the_schema_is_a_valid_draft_07_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def assert_verdicts(self, named_texts, by_schema, by_parser):
        named_texts = list(named_texts)
        self.assertGreater(len(named_texts), 0)
        answers = parser_answers([text for _, text in named_texts])
        for (name, text), (accepted, diagnostics) in zip(named_texts, answers):
            self.assertEqual(accepted, by_parser, (name, diagnostics))
            if by_schema is not None:
                self.assertEqual(schema_accepts(text), by_schema, name)

    def test_both_accept_the_good_corpus(self):
        self.assert_verdicts(files("good"), True, True)

    def test_both_refuse_the_bad_corpus(self):
        self.assert_verdicts(files("bad"), False, False)

    def test_the_parser_refuses_what_lies_beyond_the_schema(self):
        self.assert_verdicts(files("beyond_schema"), None, False)

    def test_both_accept_the_defaults(self):
        profiles = ("stock", "fast", "lab")
        self.assert_verdicts(((profile, run("defaults", "--profile", profile))
                              for profile in profiles), True, True)

    def test_both_agree_on_every_option_with_every_value(self):
        texts = [document(path, value) for path, _ in options(SCHEMA) for value in VALUES]
        verdicts = {True: 0, False: 0}
        for text, (accepted, diagnostics) in zip(texts, parser_answers(texts)):
            by_schema = schema_accepts(text)
            if by_schema and not accepted and beyond_the_schema(diagnostics):
                continue
            self.assertEqual(by_schema, accepted, (text.decode(), diagnostics))
            verdicts[accepted] += 1
        self.assertGreater(verdicts[True], 50)
        self.assertGreater(verdicts[False], 600)

    def test_both_agree_on_what_each_profile_allows(self):
        texts = []
        for profile in (None, "stock", "fast", "lab"):
            for count in (1, 2, 3, 8):
                for scheduler in (None, "auto", "min_rtt", "low_rtt"):
                    for far in ("auto", "at_once", "for_bulk"):
                        lines = ["version: 1", "conflux:", f"  legs: {{count: {count}, far: {far}}}"]
                        lines += [f"  profile: {profile}"] if profile else []
                        lines += [f"  scheduler: {scheduler}"] if scheduler else []
                        texts.append("\n".join(lines).encode())
        for text, (accepted, diagnostics) in zip(texts, parser_answers(texts)):
            self.assertEqual(schema_accepts(text), accepted, (text.decode(), diagnostics))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
