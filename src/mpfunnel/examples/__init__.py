"""One invented firm, its products and its market: for docs, tests, the demo and benchmarks.

Every company and person here is made up. The firm sells four products that fit together:
CRMクラウド (`crm`), its higher grade 営業支援 (`sfa`), マーケティングオートメーション (`ma`) and
分析基盤 (`bi`). `PLAYBOOK` says how it sorts its market; `playbook("invented")` reads the same from
a file, and further names give the playbooks of real data sets.
"""

from mpfunnel.examples.export import write_csv
from mpfunnel.examples.generate import generate, stream
from mpfunnel.examples.policies import PLAYBOOK, SEGMENTS, TIERS
from mpfunnel.examples.products import FIRM, LIFTS, PRODUCTS, Firm
from mpfunnel.examples.sample import Sample
from mpfunnel.examples.shipped import playbook, playbook_names
from mpfunnel.examples.story import STORY_DAY, Case, story

__all__ = [
    "FIRM",
    "LIFTS",
    "PLAYBOOK",
    "PRODUCTS",
    "SEGMENTS",
    "STORY_DAY",
    "TIERS",
    "Case",
    "Firm",
    "Sample",
    "generate",
    "playbook",
    "playbook_names",
    "story",
    "stream",
    "write_csv",
]
