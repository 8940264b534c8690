"""Document of `capacity`."""

from __future__ import annotations

from typing import Literal

from commands.documents.learning import MetricPart
from features.documents import Day, Document, Part, Sha256


class LeadPart(Part):
    """Months from the first list that found a case to its event: median and quartiles over the cases found."""

    median: float
    q1: float
    q3: float


class VisitsPart(Part):
    """What a set of visits would have found on the backtest."""

    visits: int
    """On all lists of the backtest together; a household on two lists is visited twice."""
    households: int
    """Different households among them."""
    judged: int
    """Visits to households at risk."""
    right: int
    """Judged visits at which the event followed within the tier horizon."""
    in_need: int
    """Visits that are no predictions: the household was in need already, or is not of the outcome's population."""
    precision: MetricPart | None
    """right / judged."""
    recall: MetricPart | None
    """finds / cases."""
    finds: int
    """Cases for which a visit was planned within the tier horizon before the event."""
    no_rule_finds: int
    """Finds of households that no rule raised on any judged day of the case."""
    no_rule_share: MetricPart | None
    """no_rule_finds / finds."""
    lead_months: LeadPart | None
    """Null where nothing was found, or where the outcome has no month (one *at* a horizon)."""


class PoliciesPart(Part):
    """Three ways to fill the same visits."""

    rules: VisitsPart
    """Leads of the rules alone, on households at risk: gravest tier first, then the newest."""
    score: VisitsPart
    """The highest probabilities, whatever the rules say."""
    both: VisitsPart
    """As a list is issued: every rule hit, then by score; it may take more visits than foreseen."""


class SharePart(Part):
    """A number of visits."""

    share: float
    """Of the households of a place, visits planned for each list, rounded up."""
    visits: int
    """Foreseen on all lists of the backtest together."""
    visits_a_day: float
    """Foreseen for one as-of day, in the whole area."""
    policies: PoliciesPart


class PlaceVisitsPart(Part):
    """A place that plans visits."""

    area: str
    households_a_day: float


class FloorPart(Part):
    """A floor: every household whose probability reaches it."""

    tier: Literal["orange", "yellow", "blue"] | None
    """The tier that has this floor now; null for a candidate."""
    floor: float
    households_a_day: float
    """Households at risk that reach it on an as-of day, on average."""
    by_area: list[PlaceVisitsPart]
    rows: int
    """Household-days that reach it."""
    households: int
    """Different households among them."""
    right: int
    precision: MetricPart | None
    recall: MetricPart | None
    finds: int
    no_rule_finds: int
    no_rule_share: MetricPart | None
    lead_months: LeadPart | None


class CapacityAreaPart(Part):
    """A place that plans visits, in the area asked for."""

    area: str
    population: float
    """Households on an as-of day, on average."""
    rows: int
    events: int


class CapacityDocument(Document):
    """`capacity`: what each number of visits and each floor would have found, on the backtest"""

    outcome: str
    tier_horizon: int
    """Months within which the event counts."""
    bundle: Sha256
    synthetic: bool
    """The home took in simulated files: these are figures of a county that does not exist, no evidence of accuracy."""
    backtest: Literal["rolling", "single"]
    """The blocks that were tested: all of them, or the last alone (`fangpin evaluate` tests all)."""
    first_day: Day
    last_day: Day
    """As-of days, first and last."""
    days: int
    lists: int
    """One a place and as-of day."""
    area: str
    left_out: int
    """Household-days at risk of which it is not known what became of them: no list names them here."""
    population: float
    """Households on an as-of day, on average."""
    rows: int
    """Judged household-days."""
    events: int
    """Judged household-days whose event followed within the tier horizon."""
    cases: int
    """Households with the month of their event, each once."""
    areas: list[CapacityAreaPart]
    shares: list[SharePart]
    floors: list[FloorPart]
