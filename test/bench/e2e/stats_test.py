"""The statistics against answers that are known from tables and by hand."""

import math
import unittest

from e2ebench import stats


class Percentile(unittest.TestCase):
    def test_the_median_of_an_even_count_lies_between(self):
        self.assertEqual(stats.percentile([4, 1, 3, 2], 0.5), 2.5)

    def test_p95_of_one_to_twenty_is_interpolated(self):
        self.assertAlmostEqual(stats.percentile(list(range(1, 21)), 0.95), 19.05)

    def test_the_ends_are_the_least_and_the_most(self):
        self.assertEqual((stats.percentile([5, 9, 7], 0), stats.percentile([5, 9, 7], 1)), (5, 9))

    def test_nothing_has_no_percentile(self):
        self.assertTrue(math.isnan(stats.percentile([], 0.5)))


class Student(unittest.TestCase):
    def test_quantiles_are_those_of_the_tables(self):
        for degrees, expected in ((1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262),
                                  (19, 2.093), (30, 2.042), (100, 1.984)):
            self.assertAlmostEqual(stats.student_quantile(degrees), expected, 3)

    def test_the_interval_of_a_mean_is_that_of_the_textbook(self):
        # Mean 10, deviation 2, n = 4: 10 +- 3.182 * 2 / 2.
        values = [10 - math.sqrt(6), 10 + math.sqrt(6), 10, 10]
        interval = stats.mean_interval(values)
        self.assertAlmostEqual(interval.value, 10)
        self.assertAlmostEqual(interval.low, 10 - 3.1824, 3)
        self.assertAlmostEqual(interval.high, 10 + 3.1824, 3)

    def test_a_single_value_has_no_interval(self):
        self.assertTrue(math.isnan(stats.mean_interval([3.0]).low))


class PairedRatio(unittest.TestCase):
    def test_equal_ratios_have_no_spread(self):
        interval = stats.ratio_interval([(2, 1), (4, 2), (10, 5)])
        for value in (interval.value, interval.low, interval.high):
            self.assertAlmostEqual(value, 2)

    def test_a_ratio_and_its_inverse_average_to_one(self):
        self.assertAlmostEqual(stats.ratio_interval([(3, 1), (1, 3)]).value, 1)

    def test_pairing_takes_out_what_both_share(self):
        # Both fall to a tenth in every other round; the ratio does not notice.
        pairs = [(1.2 * rate * wobble, rate) for rate, wobble in
                 ((10, 1.01), (1, 0.99), (10, 1.0), (1, 1.0))]
        interval = stats.ratio_interval(pairs)
        self.assertGreater(interval.low, 1.15)
        self.assertLess(interval.high, 1.25)

    def test_the_interval_is_student_s_on_logarithms(self):
        pairs = [(math.exp(x), 1) for x in (0.1, 0.2, 0.3)]
        interval = stats.ratio_interval(pairs)
        half = 4.302653 * 0.1 / math.sqrt(3)
        self.assertAlmostEqual(interval.low, math.exp(0.2 - half), 5)
        self.assertAlmostEqual(interval.high, math.exp(0.2 + half), 5)


class Bootstrap(unittest.TestCase):
    def test_it_covers_the_mean_of_a_known_sample(self):
        sample = [float(i) for i in range(100)]
        interval = stats.bootstrap(sample, lambda s: sum(s) / len(s))
        # The deviation of the mean is 28.87 / 10: 1.96 of them are 5.66.
        self.assertAlmostEqual(interval.low, 49.5 - 5.66, delta=0.6)
        self.assertAlmostEqual(interval.high, 49.5 + 5.66, delta=0.6)

    def test_the_same_seed_gives_the_same_interval(self):
        pairs = [(float(i), float(i + 1)) for i in range(1, 20)]
        self.assertEqual(stats.percentile_ratio_interval(pairs, 0.95),
                         stats.percentile_ratio_interval(pairs, 0.95))

    def test_a_constant_ratio_of_percentiles_is_certain(self):
        interval = stats.percentile_ratio_interval([(3.0 * i, 2.0 * i) for i in range(1, 30)], 0.95)
        self.assertAlmostEqual(interval.low, 1.5)
        self.assertAlmostEqual(interval.high, 1.5)


if __name__ == "__main__":
    unittest.main()
