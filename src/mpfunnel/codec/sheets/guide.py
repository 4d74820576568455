"""What the sheet of instructions says, in both languages."""

# ruff: noqa: E501 - what a person reads is one line here too

from __future__ import annotations

from typing import Final

__all__ = ["GUIDE", "HEADINGS"]

HEADINGS: Final = ("使い方", "How to fill in the sheets")
GUIDE: Final = (
    (
        "1行が1つのルールです。上から順に見て、最初に当てはまった行の結果になります。",
        "One row is one rule. They are asked from the top; the first one that holds decides.",
    ),
    (
        "青い列は条件です。1行の条件は「かつ」でつながり、空欄はその項目を問いません。",
        "Blue columns are conditions, joined by 'and'. A blank cell does not ask.",
    ),
    (
        "オレンジの列は結果です。最後の行（otherwise）は、どのルールにも当てはまらないときの結果です。",
        "The orange column is the outcome. The last row, otherwise, is what holds else.",
    ),
    (
        "条件の書き方：300　|　300以上　|　300未満　|　100〜299　|　製造業、小売業　|　空欄（値が未入力）",
        "Conditions: 300 | >= 300 | < 300 | [100..300) | 製造業, 小売業 | missing (no value is known)",
    ),
    (
        "否定は not(…) または 製造業以外、日付は 2026-04-01 以降、はい・いいえは true・false。",
        "The opposite: not(…); days: >= 2026-04-01; yes and no: true, false.",
    ),
    (
        "単位は見出しの（ ）の中です。（百万円）の下の 300 は3億円です。見出しの［ ］の中は変えないでください。",
        "The unit is in the header, in parentheses: 300 under (million yen) is 300,000,000 yen. Keep what is in brackets.",
    ),
    (
        "列を足すときは、見出しに項目のキーか名前を書きます。例：employees、従業員数、売上高（億円）",
        "To add a column, name it by the key or label of a fact: employees, annual revenue (million yen).",
    ),
    (
        "キー（key）は結果に記録されるルールの名前です。一度使ったら変えないでください。新しい行では空欄で構いません。",
        "The key names the rule in stored answers: keep it once it is used. It may be blank in a new row.",
    ),
    (
        "数式、セルの結合、色や書式は意味を持ちません。数式と結合したセルは読み込み時にエラーになります。",
        "Write values, not formulas, and do not merge cells: both are refused. Colours mean nothing.",
    ),
    (
        "保存したら mpfunnel check フォルダ名 で確かめます。問題はファイル名!シート名!セルで示されます。",
        "After saving, run mpfunnel check FOLDER. It names every problem by file!sheet!cell.",
    ),
)
"""Each line in Japanese and English."""
