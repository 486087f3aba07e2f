"""One history's plan: what is dropped when, and on which stack; it follows from the seed."""

from dataclasses import dataclass, field

from local.sagemaker.models.marketplace import published_arn
from tests.chaos import files
from tests.chaos.faults import Weather
from tests.chaos.timeline import MINUTE

STORM_END = 60 * MINUTE
CALM = 100 * MINUTE
MARKETPLACE = 0.25  # share of the histories whose stack has a Marketplace algorithm
VERBS = ("retry", "retry", "stop", "approve", "rollback", "rollback", "retrain", "tune")
MOST_COMMANDS = 12
DELETED = 0.05  # share of the drops
LAST_COMMAND = STORM_END + 20 * MINUTE
KEYS = ("shop.csv", "shop + co (é).csv")
INCREMENTS = ("append/day.csv", "append/day + night (é).csv")


@dataclass(frozen=True)
class Drop:
    """A file dropped into the raw bucket, and deleted from it by somebody so many seconds later."""

    at: float
    key: str
    content: str
    deleted_after: float | None = None


@dataclass(frozen=True)
class Command:
    """A command that an operator types; ``whom`` draws the run that it names.

    One that ``races`` is typed a moment after the next function begins.
    """

    at: float
    verb: str
    whom: float
    races: bool = False


@dataclass(frozen=True)
class Plan:
    """All that a history is made of; ``muted`` and ``left_out`` are what shrinking took away."""

    seed: int
    drops: tuple[Drop, ...]
    environment: dict[str, str]
    commands: tuple[Command, ...] = ()
    muted: frozenset[str] = frozenset()
    left_out: frozenset[int] = field(default_factory=frozenset)
    untyped: frozenset[int] = field(default_factory=frozenset)
    schedule: float | None = None
    hurry: float | None = None
    """Seconds after which publishing ends, to continue in another invocation; ``None``: when all is done."""

    def weather(self) -> Weather:
        """Make the history's weather, as at its beginning."""
        return Weather(self.seed, STORM_END, self.muted)


def plan(seed: int) -> Plan:
    """Draw the plan of a history."""
    weather = Weather(seed, STORM_END)
    appends = weather.chance("appends") < 0.5
    count = 1 + int(weather.chance("drops") * (8 if appends else 5))
    contents = (*files.GOOD, *files.GOOD, *files.BAD)
    drops: list[Drop] = []
    for number in range(count):
        at = weather.between(f"drop {number} at", 0, 30 * MINUTE)
        if drops and weather.chance(f"drop {number} soon") < 0.3:
            at = drops[-1].at + weather.between(f"drop {number} gap", 0, 90)
        hurried = drops and weather.chance(f"drop {number} hurried") < 0.1
        if hurried:
            at = drops[-1].at + weather.between(f"drop {number} gap", 0, 0.8)
        adds = appends and weather.chance(f"drop {number} adds") < 0.65
        key = weather.choose(f"drop {number} key", INCREMENTS if adds else KEYS)
        if hurried and adds is drops[-1].key.startswith("append/"):
            key = drops[-1].key
        among = (*files.MORE, *files.MORE, files.BAD[0]) if adds else contents
        deleted = weather.chance(f"drop {number} deleted") < DELETED
        after = weather.between(f"drop {number} deleted after", 0, 10 * MINUTE) if deleted else None
        drops.append(Drop(at, key, weather.choose(f"drop {number} content", among), after))
    environment = {
        "ENDPOINT_MODE": weather.choose(
            "mode", ("serverless", "serverless", "serverless", "instance", "none")
        ),
        "RETAINED_RUNS": weather.choose("retained", ("0", "1", "2")),
        "QUALITY_FLOOR": "0.05",
        "COVERAGE_FLOOR": "0.1",
        # Every third stack tunes its runs.
        "TUNING": weather.choose("tuning", ("off", "off", "on")),
        "TUNING_JOBS_IN_TOTAL": "3",
        "TRAIN_ON_APPEND": weather.choose("train on append", ("true", "true", "false")),
    }
    if weather.chance("engine") < MARKETPLACE:
        environment |= {"ALGORITHM_ARN": published_arn("us-east-1"), "ALGORITHM_IMAGE_URI": ""}
    scheduled = environment["TRAIN_ON_APPEND"] == "false" or weather.chance("schedule") < 0.2
    return Plan(
        seed,
        tuple(sorted(drops, key=lambda drop: drop.at)),
        environment,
        _commands(weather),
        hurry=weather.choose("hurry", (None, 0.0, 0.0, 2.0)),
        schedule=weather.choose("schedule every", (7 * MINUTE, 20 * MINUTE)) if scheduled else None,
    )


def _commands(weather: Weather) -> tuple[Command, ...]:
    """Draw what operators type, in every other history; some of it twice, by two people or one in a hurry."""
    commands: list[Command] = []
    count = int(max(0.0, weather.chance("commands") - 0.5) * 2 * (MOST_COMMANDS + 1))
    for number in range(count):
        at = weather.chance(f"command {number} at") ** 0.5 * LAST_COMMAND  # most of them late
        verb, whom = weather.choose(f"command {number}", VERBS), weather.chance(f"command {number} whom")
        races = weather.chance(f"command {number} races") < 0.6
        commands.append(Command(at, verb, whom, races))
        if weather.chance(f"command {number} twice") < 0.3:
            commands.append(Command(at + weather.between(f"command {number} gap", 0, 30), verb, whom))
    return tuple(commands)
