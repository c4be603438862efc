"""The tool that judges the tests is tested itself: what it changes, what it leaves alone, and that
it tells a mutant that a test notices from one that none does."""

import tempfile
import unittest
from pathlib import Path

import guards
from cxx_source import Source
from harness import GTEST, GTEST_RUN, Harness, Program, Worker, killer_of, quick_ones_first
from mutants import Mutant, mutants_of
from mutate import mutants_in, mutated_files
from report import Report, read_equivalents

ROOT = Path(__file__).resolve().parents[2]

CODE = """\
#include <vector>
// if (a < b) return 1;
namespace conflux {
constexpr int kLimit = 4;
static_assert(kLimit > 3, "a < b");
enum class Kind { kOne = 1 };

class Queue {
 public:
  bool full(int more = 0) const noexcept { return size_ + more >= kLimit; }

 private:
  std::vector<int> cells_;
  int size_ = 0;
};

int pick(const std::vector<int>& values, bool any) {
  if (!any && values.empty()) return -1;
  const auto good = [&](int value) -> bool { return value == 2; };
  int found = 0;
  for (int value : values) {
    if (good(value)) continue;
    ++found;
    store(value, {.name = "x > y", .size = 3});
  }
  CONFLUX_CHECK(found >= 0);
  return found;
}
}  // namespace conflux
"""


def changes(code: str, kind: str) -> set[tuple[str, str]]:
    return {(it.original, it.replacement) for it in mutants_of("a.cc", code) if it.kind == kind}


class WhatIsMutated(unittest.TestCase):
    def test_comparisons_turn_round_and_boundaries_move(self):
        self.assertEqual(changes(CODE, "comparison"), {(">=", "<"), ("==", "!=")})
        self.assertEqual(changes(CODE, "boundary"), {(">=", ">")})

    def test_constants_go_up_and_down_but_not_below_zero(self):
        found = changes(CODE, "constant")
        self.assertLessEqual({("4", "5"), ("4", "3"), ("0", "1"), ("3", "4"), ("3", "2")}, found)
        self.assertNotIn(("0", "-1"), found)

    def test_numbers_keep_their_base_and_suffix(self):
        code = "int f() { return g(0xFFU, 1'000ULL); }"
        self.assertEqual(changes(code, "constant"), {("0xFFU", "0x100U"), ("0xFFU", "0xfeU"),
                                                     ("1'000ULL", "1001ULL"),
                                                     ("1'000ULL", "999ULL")})

    def test_conditions_join_otherwise_and_lose_their_not(self):
        self.assertEqual(changes(CODE, "logical"), {("&&", "||"), ("!", "")})

    def test_sums_and_steps_go_the_other_way(self):
        self.assertEqual(changes(CODE, "arithmetic"), {("+", "-"), ("++", "--")})

    def test_statements_vanish_but_declarations_and_last_returns_stay(self):
        self.assertEqual({first for first, _ in changes(CODE, "statement")},
                         {"return -1", "continue", "++found",
                          'store(value, {.name = "x > y", .size = 3})'})

    def test_returns_answer_nothing(self):
        self.assertEqual(changes(CODE, "return"), {("size_ + more >= kLimit", "{}"), ("-1", "{}"),
                                                   ("value == 2", "{}"), ("found", "{}")})

    def test_what_says_the_same_is_no_mutant(self):
        code = "Reason f(bool a) { if (a) return Reason::NONE; return std::nullopt; }"
        self.assertEqual(changes(code, "return"), {("Reason::NONE", "Reason::TUNNEL_CLOSED")})


class WhatIsLeftAlone(unittest.TestCase):
    def test_comments_strings_includes_and_enumerators(self):
        lines = {it.line for it in mutants_of("a.cc", CODE)}
        self.assertTrue(lines.isdisjoint({1, 2, 5, 6}))

    def test_assertions(self):
        self.assertNotIn("CONFLUX_CHECK", "".join(it.line_text for it in mutants_of("a.cc", CODE)))

    def test_brackets_of_templates(self):
        code = "int f() { return std::max<int>(g<2>(), h<std::array<int, 2>>()); }"
        self.assertEqual(changes(code, "comparison"), set())

    def test_preprocessor_lines_that_go_on(self):
        self.assertEqual(mutants_of("a.h", "#define A(x) \\\n  do { x = 1; } while (false)\n"), [])


class Scopes(unittest.TestCase):
    def functions(self, code: str) -> set[str]:
        return {it.function for it in mutants_of("a.cc", code)}

    def test_a_mutant_knows_its_function(self):
        self.assertEqual(self.functions("void A::b() { c = 1; }"), {"A::b"})
        self.assertEqual(self.functions("class A { void b() { c = 1; } };"), {"A::b"})
        self.assertEqual(self.functions("A::A(int x) : y_(x), z_{x} { c = 1; }"), {"A::A"})
        self.assertEqual(self.functions("struct A { int f(B b = B{}) { return b.c + 1; } };"),
                         {"A::f"})

    def test_what_may_run_before_it_is_called_is_known(self):
        for head, only_called in (("int f()", True), ("constexpr int f()", False),
                                  ("template <class T> int f()", False)):
            self.assertEqual({it.only_called for it in mutants_of("a.h", head + " { return a + 1; }")},
                             {only_called}, head)

    def test_every_bracket_of_the_core_is_understood(self):
        for name in mutated_files(ROOT):
            source = Source(name, (ROOT / name).read_text())
            self.assertEqual(source.places[-1].scope, "namespace", name)
            self.assertEqual(len(source.places), len(source.tokens), name)


class Keys(unittest.TestCase):
    def test_a_key_survives_changes_elsewhere_and_tells_equal_lines_apart(self):
        before = mutants_of("a.cc", "void f() {\n  a += b;\n  a += b;\n}\n")
        after = mutants_of("a.cc", "int x;\n\nvoid f() {\n    a += b;\n  a += b;\n}\n")
        self.assertEqual([it.key for it in before], [it.key for it in after])
        self.assertEqual(len({it.key for it in before}), len(before))

    def test_a_mutant_changes_its_spot_and_nothing_else(self):
        text = "int f() { return a + b; }\n"
        mutant = next(it for it in mutants_of("a.cc", text) if it.kind == "arithmetic")
        self.assertEqual(mutant.apply(text), "int f() { return a - b; }\n")
        self.assertIn("-int f() { return a + b; }", mutant.diff(text))


class Reports(unittest.TestCase):
    def report(self, statuses: dict[str, str], equivalents: dict[str, str]) -> Report:
        mutants = [Mutant(name, 1, 0, 1, "", "x", "statement", "f", "x") for name in statuses]
        results = {it.key: {"status": statuses[it.file]} for it in mutants}
        return Report(mutants, results, {it.key: equivalents[it.file] for it in mutants
                                         if it.file in equivalents})

    def test_equivalent_mutants_leave_the_ratio_but_not_the_page(self):
        report = self.report({"a": "killed", "b": "survived", "c": "timeout", "d": "survived",
                              "e": "uncompilable"}, {"d": "nobody can tell"})
        self.assertAlmostEqual(report.ratio(report.counts()), 2 / 3)
        self.assertIn("nobody can tell", report.text())
        self.assertEqual([it.file for it in report.survivors()], ["b"])

    def test_an_equivalent_mutant_that_is_killed_is_reported(self):
        self.assertIn("called equivalent, but killed",
                      self.report({"a": "killed"}, {"a": "no"}).text())

    def test_an_equivalent_mutant_needs_a_reason(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("a | f | statement | x | x -> nothing | #1\n")
            file.flush()
            with self.assertRaisesRegex(ValueError, "no reason"):
                read_equivalents(Path(file.name))

    def test_the_killer_is_named(self):
        self.assertEqual(killer_of("[ RUN      ] A.B\n[  FAILED  ] A.B (0 ms)\n", 1), "A.B")
        self.assertEqual(killer_of("[ RUN      ] A.B\n", -11), "A.B (signal 11)")
        self.assertEqual(killer_of("seed 7: a token out of turn\n", 1),
                         "seed 7: a token out of turn")

    def test_slow_tests_run_last(self):
        runs = quick_ones_first("[       OK ] A.B (1 ms)\n[       OK ] C.D (900 ms)\n")
        self.assertEqual([run[-1] for run in runs], ["--gtest_filter=-C.D", "--gtest_filter=C.D"])


class TheFiles(unittest.TestCase):
    """equivalents.txt and guards.txt speak of the code as it is."""

    def test_every_equivalent_mutant_exists(self):
        keys = {it.key for it in mutants_in(ROOT)}
        for name in ("equivalents.txt", "equivalents-sim.txt"):
            known = read_equivalents(Path(__file__).with_name(name))
            self.assertEqual(sorted(set(known) - keys), [], name)

    def test_every_guard_can_be_taken_out(self):
        for guard in guards.parse(guards.FILE.read_text()):
            self.assertTrue(guard.tests and guard.edits, guard.id)
            texts: dict[str, str] = {}
            for edit in guard.edits:
                text = texts.get(edit.file) or (ROOT / edit.file).read_text()
                texts[edit.file] = edit.apply(text)
                self.assertNotEqual(texts[edit.file], text, guard.id)

    def test_a_guard_that_is_not_there_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "0 places"):
            guards.Edit("a.cc", ["x"], []).apply("y\n")


class TheHarness(unittest.TestCase):
    """A few mutants of the smallest codec, built and judged for real."""

    def test_it_tells_killed_from_survived_from_uncompilable(self):
        program = Program("codec", ("test/plugin/unit/codec/switch_message_test.cc",),
                          tuple(GTEST), GTEST_RUN)
        name = "plugin/codec/switch_message.cc"
        with tempfile.TemporaryDirectory() as work:
            harness = Harness(ROOT, Path(work), [program],
                              sources=["plugin/codec/switch_message.cc"])
            harness.prepare(1, lambda words: None)
            worker = Worker(harness, "0")
            text = harness.read(name)
            boundary = next(it for it in mutants_of(name, text) if it.kind == "boundary")
            self.assertEqual(worker.judge({name: boundary.apply(text)}).status, "killed")
            self.assertEqual(worker.judge({name: text + "\n"}).status, "survived")
            self.assertEqual(worker.judge({name: text + "nonsense\n"}).status, "uncompilable")


if __name__ == "__main__":
    unittest.main()
