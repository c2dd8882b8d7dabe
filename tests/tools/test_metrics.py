# SPDX-License-Identifier: ISC
"""Metrics of all filters: Prometheus can read them, they are named by one
scheme, doc/metrics.md has each of them, and what the dashboard and the alerts
ask for is there."""

import json
import os
import re
import sys
import unittest

import yaml

from tools import BUILD, Tools, watch, watchers

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
DOC = os.path.join(TOP, "doc")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
from running import FILTERS, Filter, prepare    # noqa: E402

PREFIX = "opensmtpd_filter_"
PROGRAMS = ["pause", "postgrey", "spamassassin", "dkimsign", "milter"]
# Names that these are not called by, and what they are called.
OTHER_WORDS = {
    "microseconds": "seconds", "milliseconds": "seconds", "ms": "seconds",
    "errors": "failures", "exempt": "skipped", "exempted": "skipped",
    "deferred": "tempfailed", "refusals": "rejected", "count": "total",
    "size": "bytes", "time": "seconds", "accepted": "passed",
    "unanswered": "failures",
}
VALUE = r"-?[0-9]+(\.[0-9]+)?"


class Metrics(Tools):
    files = None

    def setUp(self):
        super().setUp()
        if Metrics.files is None:
            Metrics.files = self.collect()

    def collect(self):
        """{filter's name: text of its file}, of all filters that run."""
        files = {}
        prepare(self.dir)
        for name in FILTERS:
            path = self.path(name + ".prom")
            Filter(BUILD, name, self.dir,
                   more=["-o", "metrics=" + path]).close()
            files[name] = self.read(name + ".prom")
        return files

    def parse(self, name, text):
        """Strictly: HELP, TYPE, one sample.  [(metric, type, help)]"""
        found = []
        lines = text.split("\n")
        self.assertEqual(lines.pop(), "", name + ": no newline at its end")
        self.assertEqual(len(lines) % 3, 0)
        for help_, type_, sample in zip(lines[::3], lines[1::3],
                                        lines[2::3]):
            m = re.fullmatch(r"# HELP ([a-z_]+) ([A-Z].*\.)", help_)
            self.assertTrue(m, help_)
            metric, words = m.groups()
            self.assertNotIn("\\", words)
            m = re.fullmatch(r"# TYPE %s (counter|gauge)" % metric, type_)
            self.assertTrue(m, type_)
            self.assertRegex(sample, r'^%s\{filter="%s"\} %s$' %
                             (metric, name, VALUE))
            found.append((metric, m.group(1), words))
        names = [metric for metric, _, _ in found]
        self.assertEqual(len(names), len(set(names)), name + ": a name twice")
        return found

    def all(self):
        """{metric: (type, help)} of all files, which agree."""
        metrics = {}
        for name, text in self.files.items():
            for metric, *facts in self.parse(name, text):
                self.assertEqual(metrics.setdefault(metric, facts), facts)
        return metrics

    def test_prometheus_can_read_them(self):
        self.assertGreater(len(self.all()), 60)

    @unittest.skipUnless(watchers(), "no promtool")
    def test_promtool_finds_nothing(self):
        for text in self.files.values():
            r = watch("promtool", "check", "metrics", input=text)
            self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "", ""))

    def test_names_are_by_the_scheme(self):
        for metric, (type_, _) in self.all().items():
            with self.subTest(metric):
                self.assertTrue(metric.startswith(PREFIX))
                self.assertEqual(metric.endswith("_total"),
                                 type_ == "counter")
                # What follows "skipped" is the reason.
                words = metric[len(PREFIX):].partition("_skipped")[0]
                for word in words.split("_"):
                    self.assertNotIn(word, OTHER_WORDS)
                if "seconds" in metric:
                    self.assertTrue(metric.endswith("_seconds_total"))

    def test_times_have_fractions(self):
        for text in self.files.values():
            for value in re.findall(r'_seconds_total\{.*\} (\S+)', text):
                self.assertRegex(value, r"^[0-9]+\.[0-9]{6}$")

    def test_what_all_have_is_called_the_same(self):
        own = re.compile(PREFIX + "(%s)_" % "|".join(PROGRAMS))
        common = None
        for name, text in self.files.items():
            names = {metric for metric, _, _ in self.parse(name, text)}
            theirs = {metric for metric in names if own.match(metric)}
            program = FILTERS[name][0].replace("filter-", "")
            for metric in theirs:
                self.assertTrue(metric.startswith(PREFIX + program + "_"))
            if common is None:
                common = names - theirs
            self.assertEqual(names - theirs, common)
            self.assertTrue(theirs)
        self.assertIn(PREFIX + "requests_total", common)

    def test_names_of_a_program_are_not_those_of_all(self):
        """The log has no prefix to tell them by."""
        for name, text in self.files.items():
            short = [re.sub(PREFIX + "((%s)_)?" % "|".join(PROGRAMS), "",
                            metric)
                     for metric, _, _ in self.parse(name, text)]
            self.assertEqual(len(short), len(set(short)), name)

    def test_the_manual_has_each_of_them(self):
        with open(os.path.join(DOC, "metrics.md")) as f:
            text = f.read()
        written = {}
        prefix = None
        for line in text.split("\n"):
            m = re.fullmatch(r"\| (opensmtpd_filter_\w*) \| \|", line)
            if m:
                prefix = m.group(1)
            m = re.fullmatch(r"\| `(\w+)` \| (.*) \|", line)
            if m:
                written[prefix + m.group(1)] = m.group(2) + "."
        self.assertEqual(written, {metric: words for metric, (_, words)
                                   in self.all().items()})

    def expressions(self, thing):
        """All that is asked for anywhere in a JSON or YAML thing."""
        if isinstance(thing, dict):
            for key, value in thing.items():
                if key in ("expr", "definition") and isinstance(value, str):
                    yield value
                else:
                    yield from self.expressions(value)
        elif isinstance(thing, list):
            for value in thing:
                yield from self.expressions(value)

    def check_expressions(self, thing, least, foreign=()):
        known = self.all()
        exprs = list(self.expressions(thing))
        self.assertGreaterEqual(len(exprs), least)
        for expr in exprs:
            with self.subTest(expr):
                names = re.findall(r"\b[a-z]+_[a-z_]+\b(?=[\[{) ,]|$)",
                                   re.sub(r"label_values", "", expr))
                self.assertTrue(names)
                for name in names:
                    self.assertIn(name, set(known) | set(foreign))
                    counts = known.get(name, ["gauge"])[0] == "counter"
                    if "label_values" not in expr:
                        # A counter says something by how it grows.
                        self.assertEqual(counts, bool(re.search(
                            r"(rate|increase)\(%s\b" % name, expr)))
                for pair in "()", "[]", "{}":
                    self.assertEqual(expr.count(pair[0]),
                                     expr.count(pair[1]))
        return exprs

    def test_the_dashboard_asks_for_what_is_there(self):
        with open(os.path.join(DOC, "grafana", "dashboard.json")) as f:
            board = json.load(f)
        exprs = self.check_expressions(board, 30)
        for program in PROGRAMS:
            self.assertTrue(any(PREFIX + program in e for e in exprs))
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in board["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            self.assertTrue(panel["type"] == "row" or panel["targets"])

    def test_the_alerts_ask_for_what_is_there(self):
        path = os.path.join(DOC, "prometheus", "alerts.yml")
        with open(path) as f:
            alerts = yaml.safe_load(f)
        self.check_expressions(alerts, 10, ["node_textfile_mtime_seconds"])
        rules = [r for g in alerts["groups"] for r in g["rules"]]
        names = [rule["alert"] for rule in rules]
        self.assertEqual(len(names), len(set(names)))
        for rule in rules:
            self.assertIn(rule["labels"]["severity"],
                          ("info", "warning", "critical"))
            self.assertTrue(rule["annotations"]["summary"])
            self.assertEqual(set(rule) - {"for"}, {
                "alert", "expr", "labels", "annotations"})
        if watchers():
            r = watch("promtool", "check", "rules", path)
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
