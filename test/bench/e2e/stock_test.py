"""What the stock client's control port says about a stream."""

import unittest

from e2ebench import stock

GUARD_A, GUARD_B, MIDDLE_A, MIDDLE_B, EXIT = (f"${i:040X}~relay{i}" for i in range(5))


def leg(ordinal, guard, middle, name, state="BUILT"):
    return (f"{ordinal} {state} {guard},{middle},{EXIT} BUILD_FLAGS=NEED_CAPACITY,NEED_UPTIME "
            f"PURPOSE=CONFLUX_LINKED TIME_CREATED=2026-01-01T00:00:00.000 CONFLUX_ID={name} "
            "CONFLUX_RTT=8477")


CIRCUITS = "\n".join((
    leg(5, GUARD_A, MIDDLE_A, "S1"), leg(6, GUARD_B, MIDDLE_B, "S1"),
    leg(7, GUARD_A, MIDDLE_A, "S2"), leg(8, GUARD_A, MIDDLE_B, "S2"),
    f"9 BUILT {GUARD_A},{MIDDLE_A},{EXIT} BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL",
    "10 LAUNCHED BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL"))


def kind(streams):
    return stock.kind_of_ride(streams, stock.parse_circuits(CIRCUITS), 8000)


class Ride(unittest.TestCase):
    def test_a_stream_on_a_leg_of_a_set_rides_it(self):
        self.assertEqual(kind("1 SUCCEEDED 6 127.0.0.1:8000"), (stock.RIDE, "S1"))

    def test_a_set_whose_legs_share_a_guard_is_told_apart(self):
        self.assertEqual(kind("1 SUCCEEDED 7 127.0.0.1:8000"), (stock.SHARED, "S2"))

    def test_a_stream_on_one_circuit_rides_nothing(self):
        self.assertEqual(kind("1 SUCCEEDED 9 127.0.0.1:8000"), (stock.SINGLE, None))

    def test_streams_of_a_page_must_all_be_on_one_set(self):
        both = "1 SUCCEEDED 5 127.0.0.1:8000\n2 SUCCEEDED 6 127.0.0.1:8000"
        self.assertEqual(kind(both)[0], stock.RIDE)
        self.assertEqual(kind(both + "\n3 SUCCEEDED 9 127.0.0.1:8000")[0], stock.SINGLE)

    def test_other_targets_and_unconnected_streams_say_nothing(self):
        self.assertEqual(kind("1 SUCCEEDED 6 127.0.0.1:80\n2 SENTCONNECT 5 127.0.0.1:8000"),
                         (stock.SINGLE, None))


class FreeSets(unittest.TestCase):
    def test_only_an_unused_set_of_disjoint_legs_is_free(self):
        circuits = stock.parse_circuits(CIRCUITS)
        self.assertEqual(stock.free_sets(circuits, set()), ["S1"])
        self.assertEqual(stock.free_sets(circuits, {"S1"}), [])

    def test_a_set_with_one_leg_is_not_free(self):
        self.assertEqual(stock.free_sets(stock.parse_circuits(leg(5, GUARD_A, MIDDLE_A, "S1")),
                                         set()), [])

    def test_a_leg_that_is_not_built_does_not_count(self):
        text = leg(5, GUARD_A, MIDDLE_A, "S1") + "\n" + leg(6, GUARD_B, MIDDLE_B, "S1", "EXTENDED")
        self.assertEqual(stock.free_sets(stock.parse_circuits(text), set()), [])


if __name__ == "__main__":
    unittest.main()
