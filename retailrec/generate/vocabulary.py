"""The words that item names are made of, the codes that are no product, and the countries."""

from typing import NamedTuple

DEPARTMENTS: tuple[tuple[str, ...], ...] = (
    ("CAKE TIN", "MIXING BOWL", "OVEN GLOVE", "ROLLING PIN", "APRON", "PIE DISH", "BISCUIT CUTTER"),
    ("TEAPOT", "ESPRESSO CUP", "MILK JUG", "SUGAR POT", "COASTER", "SERVING TRAY", "BREAKFAST MUG"),
    ("WALL CLOCK", "PICTURE FRAME", "DOOR KNOB", "COAT HOOK", "MIRROR", "LETTER RACK", "BOOKEND"),
    ("PILLAR CANDLE", "LANTERN", "FAIRY LIGHT STRING", "TABLE LAMP", "TAPER HOLDER", "NIGHT LIGHT"),
    ("PENCIL CASE", "NOTEBOOK", "STICKER SHEET", "INK STAMP", "GREETING CARD", "DESK TIDY", "ERASER"),
    ("SHOPPING BAG", "PICNIC BAG", "WASH BAG", "SHOULDER BAG", "PURSE", "LUGGAGE LABEL", "LUNCH BOX"),
    ("WATERING CAN", "PLANT POT", "BIRD BATH", "SEED STORE", "GARDEN TROWEL", "KNEELING PAD", "TWINE"),
    ("TEDDY BEAR", "SKITTLES SET", "SPINNING TOP", "JIGSAW", "BUILDING BLOCKS", "HAND PUPPET", "KITE"),
    ("BAUBLE", "TREE TOPPER", "ADVENT GARLAND", "GIFT RIBBON", "SNOW GLOBE", "STOCKING", "WREATH"),
    ("CUSHION COVER", "TEA TOWEL", "BED THROW", "TABLE RUNNER", "NAPKIN", "HOT WATER BOTTLE", "RUG"),
    ("BANGLE", "NECKLACE", "EARRINGS", "HAIR SLIDE", "BROOCH", "TRINKET BOX", "KEY RING", "CHARM"),
    ("PARTY BUNTING", "PAPER PLATE", "BALLOON PACK", "STRAW BUNDLE", "CAKE TOPPER", "CONFETTI", "PARTY HAT"),
)

THEMES: tuple[tuple[str, ...], ...] = (
    ("WOODLAND OWL", "FOREST FOX", "ACORN"),
    ("NAUTICAL STRIPE", "ANCHOR", "LIGHTHOUSE"),
    ("ROSE TRELLIS", "PEONY", "COTTAGE FLOWER"),
    ("SCARLET DOT", "CRIMSON GINGHAM", "CHERRY CHECK"),
    ("ENAMEL CREAM", "FARMHOUSE", "DAIRY"),
    ("CIRCUS", "CAROUSEL", "FAIRGROUND"),
    ("ART DECO", "GATSBY", "JAZZ AGE"),
    ("PEACOCK", "TROPICAL PARROT", "PALM LEAF"),
    ("NORDIC STAR", "FJORD", "REINDEER TRAIL"),
    ("SPACE ROCKET", "ROBOT", "MOON AND PLANETS"),
    ("LAVENDER", "HERB GARDEN", "THYME"),
    ("MIDNIGHT BLUE", "INDIGO", "STARRY"),
    ("COPPER", "INDUSTRIAL", "RIVETED"),
    ("PASTEL", "MACAROON", "SORBET"),
)

SIZES: tuple[str, ...] = (
    "",
    "SMALL",
    "LARGE",
    "MINI",
    "SET OF 3",
    "PACK OF 6",
    "FOLDING",
    "DELUXE",
    "TRAVEL",
)

STOCK_NOTES: tuple[str, ...] = (
    "broken on arrival",
    "counted again",
    "water got in",
    "turned up behind a shelf",
)

COUNTRIES: dict[str, float] = {
    "EIRE": 20, "Germany": 20, "France": 16, "Netherlands": 6, "Spain": 4, "Switzerland": 4, "Belgium": 4,
    "Portugal": 3, "Australia": 2, "Channel Islands": 2, "Italy": 2, "Sweden": 2, "Norway": 1, "Cyprus": 1,
    "Finland": 1, "Austria": 1, "Denmark": 1, "Japan": 1, "USA": 1, "Unspecified": 1,
}  # fmt: skip


class NonProduct(NamedTuple):
    """A code that is no item, its name, a usual price, and how often each kind of row has it."""

    code: str
    name: str
    price: float
    home: float
    abroad: float
    anonymous: float
    cancelled: float


NON_PRODUCTS: tuple[NonProduct, ...] = (
    NonProduct("POST", "DELIVERY BY POST", 18.0, 1, 88, 1, 12),
    NonProduct("DOT", "DELIVERY OF WEB ORDER", 120.0, 0, 0, 75, 0),
    NonProduct("M", "Entered by hand", 25.0, 70, 4, 12, 40),
    NonProduct("C2", "DELIVERY TO IRELAND", 50.0, 0, 8, 0, 1),
    NonProduct("D", "Reduction", 20.0, 0, 0, 0, 22),
    NonProduct("S", "SAMPLES SENT", 30.0, 1, 0, 1, 10),
    NonProduct("BANK CHARGES", "Fee of the bank", 15.0, 1, 0, 4, 6),
    NonProduct("ADJUST", "Correction of account", 100.0, 5, 0, 1, 3),
    NonProduct("ADJUST2", "Second correction of account", 100.0, 1, 0, 0, 0),
    NonProduct("CRUK", "Charity commission", 100.0, 0, 0, 0, 5),
    NonProduct("PADS", "PADDING FOR PARCELS", 0.01, 6, 0, 0, 0),
    NonProduct("SP1002", "SPARE PART", 3.0, 1, 0, 1, 0),
    NonProduct("TEST001", "Test entry, please ignore", 4.5, 8, 0, 0, 0),
    NonProduct("TEST002", "Second test entry, please ignore", 1.0, 2, 0, 1, 0),
    NonProduct("gift_0001_20", "Voucher over 20 pounds", 16.5, 0, 0, 4, 0),
)
