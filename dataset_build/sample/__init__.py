"""A made-up scrape for demos and tests: pictures drawn on the spot, with known faults planted among them."""

from dataset_build.sample.scrape import PLANTED, Sample, make_sample

__all__ = ["PLANTED", "Sample", "make_sample"]
