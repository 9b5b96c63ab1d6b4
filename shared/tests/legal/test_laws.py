"""Late-payment law of each country with a pack, against published figures."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from encours.contracts.common import Terms
from encours.kernel.terms import Ceiling
from encours.legal import packs
from encours.legal.law import NoLegalRate
from encours.legal.packs import law_of, read_law

HERE = Path(__file__).parent
HOME = Path(packs.__file__).parent
VECTORS = list(csv.DictReader((HERE / "rates.csv").read_text(encoding="utf-8").splitlines()))
ONE_DAY = timedelta(days=1)


def rates(country: str, due_on: date, last_day: date) -> list[tuple[str, str, int]]:
    """Days and rates of a debt that is paid on the last day."""
    found = law_of(country).rates(due_on + ONE_DAY, last_day, due_on)
    return [(first.isoformat(), last.isoformat(), rate.value) for first, last, rate in found]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['country']} {vector['day']}")
def test_the_default_rate_is_the_published_one(vector: dict[str, str]) -> None:
    day = date.fromisoformat(vector["day"])
    for due_on in (day, day + ONE_DAY):
        ((_, _, rate),) = rates(vector["country"], due_on, due_on + 2 * ONE_DAY)
        assert f"{rate / 100:.2f}" == vector["rate_percent"], vector["source"]


def test_every_country_has_vectors() -> None:
    countries = {path.stem for path in (HOME / "packs").glob("*.toml")}
    counted = Counter(vector["country"] for vector in VECTORS)
    assert set(counted) == countries
    assert min(counted.values()) >= 10


@pytest.mark.parametrize(
    ("country", "each_half_year"),
    [
        ("FR", (1_425, 1_315, 1_215)),
        ("DE", (1_237, 1_127, 1_027)),
        ("BE", (1_250, 1_150, 1_050)),
        ("ES", (1_225, 1_115, 1_015)),
    ],
)
def test_a_long_delay_has_the_rate_of_each_half_year(country: str, each_half_year: tuple[int, ...]) -> None:
    days = (("2024-12-02", "2024-12-31"), ("2025-01-01", "2025-06-30"), ("2025-07-01", "2025-07-15"))
    expected = [(*span, rate) for span, rate in zip(days, each_half_year, strict=True)]
    assert rates(country, date(2024, 12, 1), date(2025, 7, 15)) == expected


@pytest.mark.parametrize(("country", "rate"), [("IE", 1_225), ("GB", 1_325)])
def test_or_one_rate_for_the_whole_delay(country: str, rate: int) -> None:
    assert rates(country, date(2024, 12, 1), date(2025, 7, 15)) == [("2024-12-02", "2025-07-15", rate)]


def test_of_a_debt_due_on_the_last_day_of_a_half_year_ireland_looks_at_that_day_and_britain_at_the_next() -> (
    None
):
    due_on = date(2024, 12, 31)
    assert rates("IE", due_on, date(2025, 1, 31)) == [("2025-01-01", "2025-01-31", 1_225)]
    assert rates("GB", due_on, date(2025, 1, 31)) == [("2025-01-01", "2025-01-31", 1_275)]


@pytest.mark.parametrize("country", ["FR", "DE", "BE", "ES", "IE", "GB"])
def test_after_the_last_rate_on_file_the_last_one_is_provisional(country: str) -> None:
    law = law_of(country)
    ((_, _, known),) = law.rates(date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 1))
    ((_, _, later),) = law.rates(date(2026, 8, 2), date(2026, 8, 2), date(2026, 8, 1))
    assert (known.provisional, later.provisional, later.value) == (False, True, known.value)


@pytest.mark.parametrize(
    ("country", "currency", "debt_minor", "fee_minor"),
    [
        ("FR", "EUR", 1, 4_000), ("FR", "EUR", 5_000_000, 4_000), ("FR", "GBP", 5_000_000, 0),
        ("DE", "EUR", 100, 4_000), ("BE", "EUR", 100, 4_000), ("ES", "EUR", 100, 4_000),
        ("IE", "EUR", 100_000, 4_000), ("IE", "EUR", 100_001, 7_000), ("IE", "EUR", 1_000_000, 7_000),
        ("IE", "EUR", 1_000_001, 10_000),
        ("GB", "GBP", 99_999, 4_000), ("GB", "GBP", 100_000, 7_000), ("GB", "GBP", 999_999, 7_000),
        ("GB", "GBP", 1_000_000, 10_000), ("GB", "EUR", 1_000_000, 0),
    ],
)  # fmt: skip
def test_the_fee_is_flat_or_by_size_and_in_the_currency_of_the_law(
    country: str, currency: str, debt_minor: int, fee_minor: int
) -> None:
    """IE: enterprise.gov.ie, compensation for recovery costs. GB: payontime.co.uk. Others: Directive 2011/7/EU."""
    terms = law_of(country).default_terms(date(2026, 1, 5), currency, debt_minor)
    assert (terms.days, terms.indemnity_minor) == (30, fee_minor)


def test_before_its_law_a_country_has_no_fee_and_no_rate() -> None:
    assert law_of("FR").default_terms(date(2012, 12, 31), "EUR").indemnity_minor == 0
    with pytest.raises(NoLegalRate, match="DE"):
        rates("DE", date(2014, 7, 1), date(2014, 7, 5))


def test_the_floor_binds_contractual_rates_in_france_alone() -> None:
    low = Terms(due_kind="NET", days=30, penalty_rate_bps=500, indemnity_minor=0)
    floors = {country: law_of(country).floor_above(low, date(2026, 3, 1)) for country in ("FR", "DE", "GB")}
    assert {country: floor and floor.value for country, floor in floors.items()} == {
        "FR": 786,
        "DE": None,
        "GB": None,
    }


@pytest.mark.parametrize(
    ("country", "day", "ceiling"),
    [
        ("FR", date(2026, 1, 5), Ceiling(60, 45, 45)),
        ("DE", date(2026, 1, 5), Ceiling(60)), ("DE", date(2014, 7, 28), None),
        ("BE", date(2022, 2, 1), Ceiling(60)), ("BE", date(2022, 1, 31), None),
        ("ES", date(2013, 2, 24), Ceiling(60)), ("ES", date(2013, 2, 23), None),
        ("IE", date(2026, 1, 5), Ceiling(60)),
        ("GB", date(2015, 6, 27), Ceiling(60)), ("GB", date(2015, 6, 26), None),
    ],
)  # fmt: skip
def test_the_ceiling_of_agreed_delays_is_that_of_the_day(
    country: str, day: date, ceiling: Ceiling | None
) -> None:
    assert law_of(country).ceiling(day) == ceiling


def test_a_country_without_a_pack_has_thirty_days_and_nothing_else() -> None:
    law = law_of("US")
    assert law.default_terms(date(2026, 1, 5), "EUR") == Terms(
        due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=0
    )
    assert law.ceiling(date(2026, 1, 5)) is None
    with pytest.raises(NoLegalRate, match="US"):
        next(iter(law.rates(date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 4))))


def test_a_seventh_country_is_data_alone(tmp_path: Path) -> None:
    copytree(HOME / "rates", tmp_path / "rates")
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "IT.toml").write_text(
        """
        [[default_days]]
        from = 2013-01-01
        days = 30
        source = "D.Lgs. 231/2002 art. 4"
        [[interest]]
        from = 2013-01-01
        reference = "ecb_mro"
        margin_bps = 800
        applies = "each_half_year"
        source = "D.Lgs. 231/2002 art. 5"
        [[fee]]
        from = 2013-01-01
        currency = "EUR"
        tiers = [{ above_minor = 0, fee_minor = 4000 }]
        source = "D.Lgs. 231/2002 art. 6"
        [[ceiling]]
        from = 2013-01-01
        net_days = 60
        source = "D.Lgs. 231/2002 art. 4"
        """,
        encoding="utf-8",
    )
    law = read_law(tmp_path, "IT")
    ((_, _, rate),) = law.rates(date(2024, 3, 1), date(2024, 3, 31), date(2024, 2, 29))
    assert (rate.value, rate.provisional) == (1_250, False)
    assert rate.source == "D.Lgs. 231/2002 art. 5: ECB MRO 4.50 % (2023-09-20) + 8 pts"
    assert law.fee_minor(date(2024, 3, 1), "EUR", 10_000) == 4_000
    assert law.ceiling(date(2024, 3, 1)) == Ceiling(60)
    assert read_law(tmp_path, "FR").interest == ()
