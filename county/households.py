"""Who lives in the county: households and their members, before the first month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from county import setting
from county.identity import identity_numbers, names, telephones
from county.places import Bools, Floats, Ints, Places

RELATIONS = ("head", "spouse", "child", "parent")
HEAD, SPOUSE, CHILD, PARENT = range(4)
HEALTHY, CHRONIC, SERIOUS = range(3)
NEVER = 32_767


@dataclass
class Households:
    """One row a household; what does not change, and its starting point."""

    number: npt.NDArray[np.str_]
    village: Ints
    township: Ints
    lifted: Bools
    relocated: Bools
    frailty: Floats  # illness runs in households; mean 1
    log_income: Floats  # permanent, yuan per person and year, at the first month
    wage_share: Floats
    business_share: Floats
    industry: Ints
    land: Floats  # mu
    road: Floats  # km to the main road
    old_house: Bools
    near_hazard: Bools
    piped: Bools
    first: Ints  # index of its first person

    @property
    def count(self) -> int:
        return len(self.village)


@dataclass
class Persons:
    """One row a person, ordered by household. Months are month numbers of the run."""

    household: Ints
    number: npt.NDArray[np.str_]
    relation: Ints
    male: Bools
    birth: npt.NDArray[np.datetime64]  # month
    joined: Ints
    education: Ints  # 0 none .. 5 tertiary
    chronic: Bools
    disability: Ints  # 0 none, 1 severest .. 4
    disability_kind: Ints
    skilled: Bools
    migrant: Bools  # would work away when able and in work
    sector: Ints
    base_wage: Floats  # yuan a month in work
    study: Bools  # stays in school after compulsory schooling
    identity: npt.NDArray[np.str_]
    name: npt.NDArray[np.str_]
    telephone: npt.NDArray[np.str_]

    @property
    def count(self) -> int:
        return len(self.household)

    def ages(self, month: np.datetime64) -> Ints:
        """Age in years in a month (datetime64[M]); negative before birth."""
        return (month - self.birth).astype(np.int64) // 12


def _composition(size: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Household index, relation and age of every member, ordered by household."""
    count = len(size)
    head_mean = np.array([0, 69, 63, 49, 43, 44, 46, 46])[size]
    head_age = np.clip(rng.normal(head_mean, np.where(size <= 2, 9, 8)), 22, 90).astype(np.int64)
    # The order in which a household fills: head, spouse, then by chance children and parents.
    single_parent = rng.random(count) < np.where(size == 2, 0.25, 0.06)
    with_parent = rng.random(count) < np.where(size == 4, 0.35, 0.9)
    household = np.repeat(np.arange(count), size)
    slot = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)
    relation = np.full(len(household), CHILD)
    relation[slot == 0] = HEAD
    relation[(slot == 1) & ~single_parent[household]] = SPOUSE
    last = slot == size[household] - 1
    relation[last & (size[household] >= 4) & with_parent[household]] = PARENT
    relation[(slot == size[household] - 2) & (size[household] >= 6) & with_parent[household]] = PARENT
    head = head_age[household]
    age = head.copy()
    age[relation == SPOUSE] = (head + rng.normal(-2, 3, len(head)))[relation == SPOUSE].astype(np.int64)
    gap = rng.normal(26, 4, len(head)) + 3 * (slot - 2)
    age[relation == CHILD] = np.maximum(head - gap, 0)[relation == CHILD].astype(np.int64)
    age[relation == PARENT] = np.clip(head + rng.normal(25, 4, len(head)), 50, 97)[relation == PARENT].astype(
        np.int64
    )
    return household, relation, np.clip(age, 0, 97)


def _births(
    households: Ints, size: Ints, ages: Ints, relation: Ints, total: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Children born during the run: their household and month (about 7 births a year and 1,000 people)."""
    mothers = np.zeros(len(size), dtype=bool)
    mothers[households[(ages >= 20) & (ages <= 38) & (relation != PARENT)]] = True
    born = mothers & (size < 7) & (rng.random(len(size)) < 0.06 * total / 12)
    return np.flatnonzero(born), rng.integers(1, total, len(size))[born]


def make_households(
    count: int, places: Places, calendar: setting.Calendar, rng: np.random.Generator
) -> tuple[Households, Persons]:
    """Draw ``count`` households and their members."""
    village = np.sort(rng.choice(places.count, count, p=rng.dirichlet(np.full(places.count, 12.0))))
    size = rng.choice(np.arange(1, 8), count, p=np.array(setting.SIZES) / sum(setting.SIZES))
    lifted = rng.random(count) < np.clip(setting.LIFTED * (0.55 + 0.95 * places.remote[village]), 0, 1)
    household, relation, age = _composition(size, rng)
    new_in, new_month = _births(household, size, age, relation, calendar.total, rng)
    order = np.argsort(np.concatenate([household, new_in]), kind="stable")
    household = np.concatenate([household, new_in])[order]
    relation = np.concatenate([relation, np.full(len(new_in), CHILD)])[order]
    joined = np.concatenate([np.zeros(len(age), dtype=np.int64), new_month])[order]
    first_month = np.datetime64(f"{calendar.of(0)[0]}-{calendar.of(0)[1]:02d}", "M")
    months_old = np.concatenate([age * 12 + rng.integers(0, 12, len(age)), -new_month])[order]
    birth = first_month - months_old.astype("timedelta64[M]")
    age = months_old // 12
    people = len(household)
    frailty = rng.gamma(2.2, 1 / 2.2, count)
    male = rng.random(people) < 0.51
    male[relation == HEAD] = rng.random((relation == HEAD).sum()) < 0.82
    chronic_base = np.select([age >= 60, age >= 40], [0.34, 0.12], 0.02)
    chronic = rng.random(people) < chronic_base * np.sqrt(frailty[household])
    of_lifted = lifted[household]
    disabled = rng.random(people) < np.where(of_lifted, setting.DISABLED[1], setting.DISABLED[0]) * (
        0.7 + age / 130
    )
    disability = np.where(disabled, rng.choice([1, 2, 3, 4], people, p=[0.15, 0.25, 0.30, 0.30]), 0)
    education = _education(age, of_lifted, rng)
    able = (age >= 16) & (age < 66) & ~((disability > 0) & (disability <= 2))
    migrant = able & (
        rng.random(people) < np.select([age < 23, age < 50, age < 60], [0.45, 0.56, 0.30], 0.08)
    )
    local = able & ~migrant & (rng.random(people) < 0.28)
    earner = migrant | local
    sector_weights = rng.dirichlet([4, 4, 2, 3, 2, 2])
    sector = np.where(migrant | (age < 16), rng.choice(6, people, p=sector_weights), 5)

    log_income, wage_share, business_share = _income(
        count,
        household,
        age,
        able & (joined == 0),
        earner,
        education,
        chronic | disabled,
        lifted,
        size,
        places.prosperity[village],
        rng,
    )
    young = (age < 16) & (rng.random(people) < 0.8)
    base_wage = _wages(household, earner, migrant, young, size, log_income, wage_share, rng)
    industries = np.array(
        [rng.choice(6, p=places.mix[v]) for v in range(places.count) for _ in range(64)]
    ).reshape(-1, 64)
    serial = np.char.zfill(np.arange(1, count + 1).astype(str), 6)
    number = np.char.add(setting.COUNTY + "H", serial)
    first = np.searchsorted(household, np.arange(count))
    slot = np.arange(people) - first[household]
    person_number = np.char.add(np.char.add(number[household], "-"), (slot + 1).astype(str))
    return (
        Households(
            number=number, village=village, township=places.township[village], lifted=lifted,
            relocated=rng.random(count) < np.where(lifted, 0.12, 0.0), frailty=frailty, log_income=log_income,
            wage_share=wage_share, business_share=business_share,
            industry=industries[village, rng.integers(0, 64, count)],
            land=np.exp(rng.normal(1.3, 0.6, count)), road=np.round(rng.gamma(1.2, 1 + 2 * places.remote[village]), 1),
            old_house=rng.random(count) < np.where(size <= 2, 0.30, 0.14), near_hazard=rng.random(count) < 0.05 + 0.06 * places.remote[village],
            piped=rng.random(count) < 0.92 - 0.15 * places.remote[village], first=first,
        ),
        Persons(
            household=household, number=person_number, relation=relation, male=male, birth=birth, joined=joined,
            education=education, chronic=chronic, disability=disability,
            disability_kind=rng.choice(7, people, p=[0.14, 0.14, 0.03, 0.45, 0.10, 0.09, 0.05]),
            skilled=rng.random(people) < 0.17, migrant=migrant | young, sector=sector, base_wage=base_wage,
            study=rng.random(people) < 0.72 - 0.12 * of_lifted, identity=identity_numbers(birth, male, rng),
            name=names(people, rng), telephone=telephones(people, rng),
        ),
    )  # fmt: skip


def _education(age: Ints, lifted: Bools, rng: np.random.Generator) -> Ints:
    level = np.clip(
        np.round(rng.normal(3.1 - 0.03 * np.clip(age, 16, 85) - 0.25 * lifted, 0.8)), 0, 5
    ).astype(np.int64)
    return np.where(age < 16, 0, level)


def _income(
    count: int, household: Ints, age: Ints, able: Bools, earner: Bools, education: Ints, ill: Bools, lifted: Bools,
    size: Ints, place: Floats, rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Permanent log income per person, and the shares that wage and business have in it."""
    able_share = np.bincount(household, able, count) / size
    earners = np.bincount(household, earner, count)
    schooled = np.bincount(household, able * education, count) / np.maximum(
        np.bincount(household, able, count), 1
    )
    ill_share = np.bincount(household, ill, count) / size
    traits = 0.30 * able_share + 0.05 * schooled - 0.15 * ill_share + place
    mean = np.where(lifted, setting.LIFTED_MEAN, setting.ORDINARY_MEAN)
    sigma = np.where(lifted, setting.LIFTED_SIGMA, setting.ORDINARY_SIGMA)
    unseen = np.sqrt(np.maximum(sigma**2 - traits.var(), 0.02))
    tail = np.where(rng.random(count) < setting.LOW_TAIL[0], setting.LOW_TAIL[1], 0.0)
    log_income = np.log(mean) - sigma**2 / 2 + traits - traits.mean() + unseen * rng.normal(size=count) + tail
    log_income -= 0.06  # growth until the middle of the run brings it back
    wage_share = np.where(earners > 0, np.clip(rng.normal(0.42 + 0.14 * earners, 0.10), 0.2, 0.9), 0.0)
    business_share = (1 - wage_share) * np.clip(
        rng.normal(np.where(able_share > 0, 0.62, 0.30), 0.15), 0.05, 0.95
    )
    return log_income, wage_share, business_share


def _wages(
    household: Ints, earner: Bools, migrant: Bools, young: Bools, size: Ints, log_income: Floats, wage_share: Floats,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Each earner's monthly wage in work, so that a household's wages are its share of its income."""
    weight = earner * np.where(migrant, 1.0, 0.55) * np.exp(rng.normal(0, 0.25, len(household)))
    total = np.bincount(household, weight, len(size))
    yearly = np.exp(log_income) * size * wage_share
    # An earner works about 10 of 12 months.
    wage = weight / np.maximum(total, 1e-9)[household] * yearly[household] / 10.2
    # Children of today earn when they are grown: what such households earn a head, spread.
    later = np.exp(log_income)[household] * 1.5 * np.exp(rng.normal(0, 0.3, len(household))) / 10.2
    return np.where(young, later, wage)
