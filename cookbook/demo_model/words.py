"""The words that the generator draws from: lists, and makers of names and values.

Of every list the last part is kept from training, so that the evaluation runs on words never seen.
"""

from random import Random

HELD = 0.12
"""Part of each list that only the evaluation uses."""


def kept(words: list[str]) -> list[str]:
    """Of a list the part that only the evaluation uses."""
    return words[int(len(words) * (1 - HELD)) :]


class Words:
    """Draws from one half of the vocabulary: the trained one, or the one held back."""

    def __init__(self, rng: Random, held: bool = False) -> None:
        self.rng = rng
        self.held = held

    def pick(self, words: list[str]) -> str:
        """A word of the list; in training sometimes one that nobody ever saw, to be copied."""
        if not self.held and self.chance(0.22):
            made = self.scrambled() if self.chance(0.6) else self.syllables(1, 3)
            made = made.capitalize() if words[0][0].isupper() else made
            if made.lower() not in KEPT and made not in kept(words):
                return made
        return self.rng.choice(kept(words) if self.held else words[: -len(kept(words))])

    def some(self, words: list[str], low: int, high: int) -> list[str]:
        chosen: dict[str, None] = {}
        for _ in range(self.rng.randint(low, high)):
            chosen[self.pick(words)] = None
        return list(chosen)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # -- names

    def syllables(self, low: int = 2, high: int = 3) -> str:
        rng = self.rng
        parts = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.randint(low, high))]
        return "".join(parts) + rng.choice(CODAS)

    def scrambled(self) -> str:
        """The beginning of one word and the end of another, often of words held back: what a word never
        seen is made of has been copied in other words. Never a word held back."""
        while True:
            one, two = self._cut(), self._cut()
            made = (
                one[: self.rng.randint(1, len(one) - 1)] + two[self.rng.randint(1, len(two) - 1) :]
            )
            made = made.strip("_").lower()
            if made not in KEPT:
                return made

    def _cut(self) -> str:
        words = self.rng.choice(CUT)
        return self.rng.choice(kept(words) if self.chance(0.5) else words)

    def invented(self) -> str:
        return self.syllables().capitalize()

    def given(self) -> str:
        return self.pick(GIVEN) if self.chance(0.6) else self.invented()

    def person(self) -> str:
        family = self.pick(FAMILY) if self.chance(0.5) else self.invented()
        given = self.given()
        if self.chance(0.25):
            return given
        if self.chance(0.15):
            return f"{self.pick(TITLES)} {family}"
        return f"{given} {family}"

    def town(self) -> str:
        if self.chance(0.35):
            return self.pick(CITIES)
        if self.chance(0.2):
            return f"{self.pick(PLACE_WORDS)} {self.invented()}"
        return self.invented()

    def building(self) -> str:
        kind = self.pick(BUILDINGS)
        name = self.invented() if self.chance(0.7) else self.pick(ADJECTIVES).capitalize()
        return f"the {name} {kind.capitalize() if self.chance(0.7) else kind}"

    def company(self) -> str:
        name = self.invented() if self.chance(0.7) else self.pick(NOUNS).capitalize()
        if self.chance(0.3):
            name = f"{name} & {self.invented()}"
        return f"{name} {self.pick(COMPANY_WORDS)}" if self.chance(0.7) else name

    def product(self) -> str:
        name = self.invented() if self.chance(0.6) else self.pick(NOUNS).capitalize()
        roll = self.rng.random()
        if roll < 0.3:
            return f"the {name} {self.rng.randint(2, 990)}"
        if roll < 0.6:
            return f"the {name} {self.pick(MACHINES)}"
        return f"the {self.pick(ADJECTIVES)} {self.pick(MACHINES)}" if roll < 0.75 else name

    def work(self) -> str:
        title = f"{self.pick(ADJECTIVES).capitalize()} {self.pick(NOUNS).capitalize()}"
        return self.rng.choice([title, f"The {title}", self.invented(), f'"{title}"'])

    def entity(self) -> str:
        makers = [self.person, self.town, self.building, self.company, self.product, self.work]
        return self.rng.choice(makers)()

    def thing(self) -> str:
        noun = self.pick(NOUNS)
        return f"{self.pick(ADJECTIVES)} {noun}" if self.chance(0.45) else noun

    # -- values

    def year(self) -> str:
        return str(self.rng.randint(1700, 2039))

    def number(self) -> str:
        rng = self.rng
        roll = rng.random()
        if roll < 0.15:
            return rng.choice(NUMBER_WORDS)
        if roll < 0.6:
            return str(rng.randint(2, 99))
        return str(rng.randint(100, 9999))

    def quantity(self) -> str:
        return f"{self.number()} {self.pick(UNITS)}"

    def date(self) -> str:
        day, month = self.rng.randint(1, 28), self.rng.choice(MONTHS)
        roll = self.rng.random()
        if roll < 0.4:
            return f"{day} {month} {self.year()}"
        return f"{month} {day}, {self.year()}" if roll < 0.6 else f"{day} {month}"

    def iso_date(self) -> str:
        rng = self.rng
        return f"{rng.randint(2020, 2031)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"

    def clock(self) -> str:
        rng = self.rng
        if rng.random() < 0.4:
            return f"{rng.randint(1, 12)} {rng.choice(['am', 'pm'])}"
        return f"{rng.randint(0, 23):02d}:{rng.choice(['00', '15', '30', '45'])}"

    def code(self) -> str:
        letters = "".join(
            self.rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(self.rng.randint(1, 3))
        )
        return f"{letters}{self.rng.choice(['-', ''])}{self.rng.randint(10, 9999)}"

    def digits(self) -> str:
        """Of a number too long to be anything but copied."""
        length = self.rng.randint(4, 9)
        return str(self.rng.randrange(10 ** (length - 1), 10**length))

    def email(self) -> str:
        return f"{self.syllables(1, 2)}@{self.syllables(1, 2)}.{self.rng.choice(['com', 'org', 'net', 'io', 'de'])}"

    def path(self) -> str:
        folders = "/".join(self.pick(NOUNS) for _ in range(self.rng.randint(1, 2)))
        return f"{self.rng.choice(['/', '~/', './', ''])}{folders}/{self.syllables(1, 2)}.{self.rng.choice(['txt', 'md', 'csv', 'py', 'json', 'png', 'pdf'])}"

    def identifier(self) -> str:
        parts = [
            self.pick(NOUNS) if self.chance(0.6) else self.syllables(1, 2)
            for _ in range(self.rng.randint(1, 3))
        ]
        return self.rng.choice(["_", "-"]).join(parts)

    def phrase(self) -> str:
        words = [
            self.pick(self.rng.choice([NOUNS, ADJECTIVES, BASES]))
            for _ in range(self.rng.randint(2, 5))
        ]
        if not self.held and self.chance(0.1):  # what follows such a word depends on which it is
            words.insert(1, words[0])
        return " ".join(words)

    # -- scripts beyond ASCII

    def chinese(self) -> str:
        return "".join(chr(self.rng.choice(HAN)) for _ in range(self.rng.randint(2, 6)))

    def japanese(self) -> str:
        kana = self.rng.choice([(0x3042, 0x3093), (0x30A2, 0x30F3)])
        text = "".join(chr(self.rng.randint(*kana)) for _ in range(self.rng.randint(2, 6)))
        return text + (
            self.rng.choice(["株式会社", "会社", "さん", ""])
            if self.chance(0.5)
            else self.chinese()[:2]
        )

    def korean(self) -> str:
        return "".join(chr(self.rng.randint(0xAC00, 0xD7A3)) for _ in range(self.rng.randint(2, 4)))

    def cyrillic(self) -> str:
        def word() -> str:
            rng = self.rng
            parts = [
                rng.choice("бвгджзклмнпрстфхцчшБ".lower()) + rng.choice("аеиоуыяюё")
                for _ in range(rng.randint(2, 3))
            ]
            return ("".join(parts) + rng.choice(["", "н", "в", "к", "й", "р"])).capitalize()

        return " ".join(word() for _ in range(self.rng.randint(1, 2)))

    def accented(self) -> str:
        name = self.invented()
        place = self.rng.randrange(len(name))
        return name[:place] + self.rng.choice("éèüöäñçåøßíóúâê") + name[place:]

    def emoji(self) -> str:
        return "".join(chr(self.rng.choice(EMOJI)) for _ in range(self.rng.randint(1, 3)))

    def foreign(self) -> str:
        makers = [
            self.chinese,
            self.chinese,
            self.japanese,
            self.japanese,
            self.korean,
            self.cyrillic,
        ]
        roll = self.rng.random()
        if roll < 0.12:
            return f"{self.phrase()} {self.emoji()}"
        if roll < 0.2:
            return self.emoji()
        return self.accented() if roll < 0.28 else self.rng.choice(makers)()


ONSETS = "b br c ch cl d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w x y z".split()
VOWELS = "a e i o u a e i o u ai ea ie oo ou".split()
CODAS = [
    "",
    "",
    "",
    "n",
    "r",
    "l",
    "s",
    "t",
    "k",
    "m",
    "nd",
    "rd",
    "x",
    "ck",
    "ton",
    "ville",
    "dale",
    "burg",
    "mere",
    "ra",
    "vik",
    "sen",
]
TITLES = ["Dr.", "Mr.", "Ms.", "Mrs.", "Professor", "Captain", "Judge"]
GIVEN = """Ada Alan Alice Amir Anna Arthur Bea Ben Boris Carla Carlos Chen Clara Daniel David Dora Elena Elias Emma Erik Eva
Fatima Felix Fiona Frank Gina George Grace Hana Harold Helen Hugo Ida Igor Ingrid Ivan Jack Jane Jonas Julia Karim Kate Kenji
Laura Leo Lily Liam Linda Lucas Maria Marco Martha Mei Mia Milan Nadia Nina Noah Nora Oliver Olga Omar Oscar Paul Petra Pia Priya
Rachel Ravi Rosa Ruth Sam Sara Sofia Stefan Tara Theo Tom Tina Ulrich Uma Vera Victor Wanda Will Yara Yusuf Zoe John Mary Peter
Susan Robert Emily Michael Sarah James Abel Agnes Albert Amelia Andrea Anton Astrid Barbara Basil Beatrice Bernard Bruno Camille
Cecilia Claude Conrad Cora Dana Dennis Diana Dmitri Edith Edgar Ellen Esther Eugene Flora Florian Gabriel Gerda Gloria Gregor Gus
Hannah Hector Heidi Henry Hilda Irene Iris Isaac Ivy Jasper Jean Joan Josef Judith Kai Karen Klaus Lars Leila Lorenzo Louise Luna
Malik Margaret Martin Max Miriam Mona Nathan Nico Nora Otto Pablo Patrick Pearl Philip Quentin Ralph Regina Rita Roland Rufus Sanjay
Selma Sergei Silvia Simon Sonja Tariq Teresa Thelma Timothy Toby Valeria Vincent Viola Walter Wendy Winston Yuki Yvonne Zara""".split()
FAMILY = """Adams Bauer Becker Bell Berg Brown Carter Castro Chen Clark Cohen Costa Cruz Davis Diaz Duarte Evans Fischer Ford Garcia
Gray Green Haas Hall Hansen Hill Ito Jensen Jones Kaur Keller Khan Kim Klein Kumar Lang Larsen Lee Lind Lopez Marsh Meyer Miller
Mori Moore Nash Novak Okafor Olsen Park Patel Perez Petrov Quinn Reed Rossi Sato Shaw Silva Singh Smith Stone Suzuki Tanaka Taylor
Turner Vega Vogel Walker Wang Ward Weber White Wolf Wood Yang Young Ziegler Alvarez Bishop Abbott Archer Baker Barnes Bennett
Blake Bloom Boyd Brandt Brooks Burke Byrne Campbell Chandler Cole Conway Cooper Craig Dahl Dean Dixon Doyle Drake Duncan Ellis Farmer
Ferrari Fields Fleming Fletcher Fox Fuchs Gallagher Gibson Glover Graf Grant Gupta Hahn Harper Hart Hayes Hoffman Holt Horn Hughes
Hunter Iqbal Jacobs Jimenez Kane Kelly Kruger Lambert Lehmann Leone Lowe Maier Marino Mason Mendoza Morgan Morris Murphy Nakamura Neumann
Nolan Nunez Ortega Page Palmer Pearce Pereira Perry Pohl Porter Price Ramos Reyes Rice Richter Romero Roth Sanders Santos Schmidt Sharp
Simmons Soto Stein Swan Takeda Thorne Torres Vargas Wagner Walsh Watts West Wright Zimmer""".split()
CITIES = [
    "Berlin",
    "Paris",
    "London",
    "Madrid",
    "Rome",
    "Oslo",
    "Vienna",
    "Prague",
    "Lisbon",
    "Dublin",
    "Athens",
    "Helsinki",
    "Warsaw",
    "Boston",
    "Chicago",
    "Seattle",
    "Denver",
    "Austin",
    "Toronto",
    "New York",
    "San Francisco",
    "Los Angeles",
    "Tokyo",
    "Osaka",
    "Seoul",
    "Beijing",
    "Shanghai",
    "Mumbai",
    "Delhi",
    "Cairo",
    "Lagos",
    "Nairobi",
    "Lima",
    "Bogota",
    "Santiago",
    "Sydney",
    "Auckland",
    "Moscow",
    "Kyiv",
    "Istanbul",
    "Zurich",
    "Geneva",
    "Munich",
    "Hamburg",
    "Porto",
    "Milan",
    "Miami",
    "Dallas",
    "Montreal",
    "Havana",
]
PLACE_WORDS = "Port Lake Mount North South East West Old New Saint Upper Lower Fort Cape".split()
BUILDINGS = """bridge tower museum library mill castle station school hospital theatre hall market garden lighthouse church factory
hotel harbour observatory stadium abbey bakery gallery archive clinic airport palace tunnel inn depot""".split()
COMPANY_WORDS = "Works Labs Group Systems Foods Press Motors Bank Trust Institute Society Club Union Partners Energy Studio Media Logistics".split()
MACHINES = """pump engine printer router camera drill oven kettle sensor tractor scanner boiler lamp keyboard radio clock heater
mixer battery motor filter printer display phone tablet robot drone bicycle ferry train tram bus""".split()
ADJECTIVES = """old new red blue green black white silver golden small large tall narrow wide heavy light quiet loud bright dark
cold warm dry wet round flat long short steep deep clean broken hidden famous ancient modern local foreign public private royal
wooden stone iron glass paper digital solar electric manual annual weekly daily final first second third early late open closed
gentle wild strong weak sharp soft rough smooth fresh frozen sweet bitter plain rare common simple double single central northern
southern eastern western yellow purple orange grey brown hollow secret lost main minor major spare portable
able absent active alive angry anxious awake bare basic big bitter blank blind bold brave brief bumpy busy calm careful cheap clever
cloudy clumsy coarse comfortable cosy crazy crisp crooked cruel curious curly damp dangerous dear delicate delicious dense dirty dull
dusty eager easy elegant empty equal exact expensive extra faint fair faithful false fancy fast fat fine firm flexible foggy fond free
friendly full funny gloomy good grand grateful great greedy handsome handy happy hard harsh healthy helpful honest hot huge humble
hungry icy idle important innocent jolly juicy kind lazy lean level little lively lonely loose lovely loyal lucky mad magic massive
mild modest muddy narrow nasty natural neat nervous nice noble noisy normal odd ordinary oval pale perfect plastic pleasant plump poor
powerful pretty proud pure quick rapid rare raw ready rich ripe round rude rusty sad safe salty sandy scary serious shallow shiny short
shy silent silly sleepy slim slippery slow smart smoky snowy sore sour special spicy spotted square steady stiff still sticky stormy
straight strange strict striped stupid sunny super sure swift tame tasty tender thick thin thirsty tidy tight tiny tired torn tough
transparent tropical ugly unusual upper urgent useful usual vacant valuable vast warm weary wealthy weird whole wicked wise wonderful
worn young""".split()
ADJECTIVES = list(dict.fromkeys(ADJECTIVES))
NOUNS = """apple garden window river table letter engine door lamp bridge road field forest stone boat ship train wheel chair
book page map photo picture song story poem film game ball coin ring key lock box bag basket bottle cup plate knife spoon bowl
bread cheese honey salt sugar pepper coffee tea milk juice soup salad rice bean onion carrot potato lemon cherry pear grape
cat dog horse sheep goat cow bird eagle owl crow fish whale shark wolf fox bear deer mouse rabbit turtle frog bee spider
hat coat shirt shoe boot glove scarf belt dress button thread cloth wool silk leather paper pencil brush paint canvas frame
hammer nail saw rope chain hook pipe wire cable switch battery sensor signal message report invoice order ticket receipt
contract budget account password file folder document record index model server client network cache query table column
meeting lesson course exam school class teacher student doctor nurse patient judge lawyer farmer baker pilot sailor soldier
king queen prince village town city island mountain valley lake sea beach harbour desert cave cliff hill tower wall roof
floor kitchen cellar attic office shop market station platform airport hotel room bed pillow blanket mirror clock watch
calendar holiday festival parade concert race match team club prize medal flag crown statue fountain mosaic carpet curtain
candle fire smoke cloud storm rain snow wind sun moon star planet comet rocket telescope microscope lens crystal mineral
copper silver iron steel gold oil gas coal water ice steam seed root leaf branch flower tree grass moss mushroom berry
policy rule law tax fee price cost salary loan debt fund grant project plan design sketch draft version release update
backup license warranty refund delivery package parcel container pallet warehouse shelf drawer cabinet valve pump filter
airplane album alarm alley ankle antenna apron arch arm army arrow artist ash aunt axe bacon badge balcony balloon banana band banner
bark barn barrel basement bath battle beam beard beetle bench beverage bicycle binder biscuit blade blouse board bonus bone border boss
bracelet brain branch brand brass breakfast breath breeze brick broom bucket bug bulb bull bundle bus bush butter butterfly button cable
cactus cage cake camel camera camp canal candy cannon canoe cap captain caravan carriage carton cart castle caterpillar ceiling cello
cellar century cereal champion channel chapel chapter charger chart cheek chest chicken chimney chin chocolate choir chord cider circle
circus citizen clay clerk client cliff climate clinic closet clown coach coast cobbler cocoa code coffin collar colony comb comic compass
concrete conductor cookie corner corridor costume couch council counter country couple cousin crab cradle craft crane crate cream creek
crew crop crowd crumb crust cube cucumber cupboard cure cushion customer dam dance danger data date deck delegate dentist deposit desk
dessert diamond diary dinner dinosaur diploma disc dish dock doll dolphin donkey dragon drain dream driver drop drum duck dust eclipse
edge editor egg elbow election elephant elevator empire encyclopedia engineer entrance envelope error essay evening exhibit factory fair
family fan farm feather fence ferry fever fiddle field finger fireplace flame flash flask fleet flight flood flour flute foam fog food
foot forecast fork fort fossil fraction fridge friend fruit funnel fur gallery garage garlic gate gear ghost giant gift ginger giraffe
glacier globe goal goose gorilla grain grammar grandmother gravel grease grid grill grocery guard guest guide guitar gym hail hall hammock
hand handle harp harvest hawk hay headline heart hedge heel helicopter helmet hen herb hero highway hinge hip hive hole horn hospital hut
idea inch infant ink insect inspector jacket jam jar jaw jewel job joke journal journey jug jungle jury kettle kid kidney kiosk kite
kitten knee knight knot label lace lad ladder landlord lane lantern laptop laundry lawn layer leg lemonade lettuce level lever lid
lightning lily limb line lion lip lizard loaf lobby logo luggage lunch lung machine magazine magnet mail mall manual maple marble margin
mask mast mat meal meat mechanic melody melon menu metal microphone mill mine mirror mistake mixer moat model monk monkey monument mop
motor mouth movie mud muffin mug mule muscle museum mustard nail napkin neck necklace needle neighbour nest net news newspaper noodle
nose notebook novel number oar oasis ocean octopus olive opera orange orchard orchestra organ ostrich oven oyster pad pan pants parade
parcel park parrot party passport pasta path patio paw peach peacock peanut pearl pen penguin pension pepper phone photograph piano
pickle pie pig pigeon pill pirate pizza plane plant plaster plug plum pocket pole police pond pony pool porch port portrait post poster
pot powder prison problem profit protein pudding pupil puppet purse puzzle pyramid quarter quest quilt quiz rack radish raft rail
railway ramp ranch razor recipe recorder rectangle reef region relay remedy restaurant ribbon riddle rifle ritual robe rocket rod rug
ruler runner saddle safari sail sandal sandwich satellite sauce sausage scale scene school science scissors score scout screen screw
script sculpture season secret section shadow shampoo shape shed shell shelter shield shower shrimp siren sister sketchbook ski skirt
skull sky slide slipper snail snake soap sock sofa soil song sound spark speech sphere spice spinach spiral sponge spot spring square
squirrel stable stage stair stall stamp station stew stick stocking stomach stool stove straw stream street string studio subway suit
suitcase summit sunflower supper surgeon sweater swimmer sword symbol syrup tail tailor tank tape target tax taxi teapot temple tent
terrace test theatre theory thief thumb thunder tie tiger tile timer tin tire toast toe tomato tongue tool tooth torch towel toy track
tractor trailer tray treasure triangle trophy trousers truck trumpet trunk tube tulip tunnel turkey twig twin umbrella uncle uniform
union university vacuum van vase vault vegetable vehicle veil vein vest veterinarian video village vine violin virus visitor volcano
volume vote voyage wagon waiter wallet walnut wand wardrobe wave wax weapon website wedding weed whistle widow wig willow wing winner
wire witch witness wizard worker workshop worm wreath wrench wrist yacht yard yarn yoghurt zebra zipper zoo""".split()
NOUNS = list(dict.fromkeys(NOUNS))
UNITS = """metres kilometres miles litres grams kilograms tonnes minutes hours days weeks months years euros dollars pounds pages
rooms seats floors windows steps people visitors members students workers volts watts degrees percent points bottles boxes""".split()
NUMBER_WORDS = (
    "two three four five six seven eight nine ten eleven twelve twenty thirty fifty".split()
)
MONTHS = (
    "January February March April May June July August September October November December".split()
)
ROLES = """director mayor owner founder captain manager president head chef editor architect curator conductor chairman secretary
treasurer coach principal leader designer sponsor keeper inspector spokesman minister ambassador""".split()
MATERIALS = "oak pine brick granite marble steel copper bronze glass clay concrete bamboo leather cotton wool plastic aluminium slate".split()
SUBJECTS = """history music botany physics chemistry medicine law poetry astronomy cooking painting sailing chess archery pottery
geometry grammar economics geology gardening carpentry weaving dance photography philosophy""".split()
BASES = "open paint repair clean move count print store check carry build plant sell read write copy sort wash close find".split()
# base, past, participle
VERBS = [
    tuple(entry.split("/"))
    for entry in """paint/painted/painted repair/repaired/repaired open/opened/opened close/closed/closed
build/built/built sell/sold/sold buy/bought/bought find/found/found lose/lost/lost write/wrote/written read/read/read
design/designed/designed discover/discovered/discovered invent/invented/invented visit/visited/visited plant/planted/planted
clean/cleaned/cleaned move/moved/moved steal/stole/stolen hide/hid/hidden carry/carried/carried send/sent/sent receive/received/received
bring/brought/brought cook/cooked/cooked bake/baked/baked draw/drew/drawn break/broke/broken replace/replaced/replaced
inspect/inspected/inspected measure/measured/measured photograph/photographed/photographed publish/published/published print/printed/printed
study/studied/studied teach/taught/taught collect/collected/collected donate/donated/donated borrow/borrowed/borrowed rent/rented/rented
order/ordered/ordered deliver/delivered/delivered test/tested/tested install/installed/installed remove/removed/removed
record/recorded/recorded present/presented/presented restore/restored/restored decorate/decorated/decorated burn/burned/burned
catch/caught/caught feed/fed/fed train/trained/trained guard/guarded/guarded lead/led/led manage/managed/managed own/owned/owned
win/won/won sign/signed/signed approve/approved/approved reject/rejected/rejected cancel/cancelled/cancelled translate/translated/translated
copy/copied/copied rename/renamed/renamed launch/launched/launched finance/financed/financed expand/expanded/expanded
announce/announced/announced improve/improved/improved examine/examined/examined wash/washed/washed cut/cut/cut
polish/polished/polished hang/hung/hung fold/folded/folded weigh/weighed/weighed choose/chose/chosen show/showed/shown
hire/hired/hired thank/thanked/thanked follow/followed/followed climb/climbed/climbed cross/crossed/crossed film/filmed/filmed
add/added/added admire/admired/admired attach/attached/attached bend/bent/bent bless/blessed/blessed block/blocked/blocked boil/boiled/boiled
bury/buried/buried call/called/called change/changed/changed charge/charged/charged chase/chased/chased check/checked/checked
connect/connected/connected cover/covered/covered create/created/created damage/damaged/damaged defend/defended/defended
describe/described/described destroy/destroyed/destroyed dig/dug/dug divide/divided/divided drive/drove/driven drop/dropped/dropped
dry/dried/dried eat/ate/eaten empty/emptied/emptied enter/entered/entered explain/explained/explained explore/explored/explored
fetch/fetched/fetched fill/filled/filled fix/fixed/fixed fly/flew/flown forget/forgot/forgotten freeze/froze/frozen fry/fried/fried
give/gave/given grab/grabbed/grabbed greet/greeted/greeted grow/grew/grown guess/guessed/guessed heat/heated/heated help/helped/helped
hit/hit/hit hold/held/held ignore/ignored/ignored invite/invited/invited join/joined/joined keep/kept/kept kick/kicked/kicked
knit/knitted/knitted lend/lent/lent lift/lifted/lifted light/lit/lit like/liked/liked load/loaded/loaded lock/locked/locked
love/loved/loved make/made/made mark/marked/marked melt/melted/melted mend/mended/mended mix/mixed/mixed name/named/named
notice/noticed/noticed offer/offered/offered pack/packed/packed pay/paid/paid pick/picked/picked play/played/played post/posted/posted
pour/poured/poured praise/praised/praised prepare/prepared/prepared press/pressed/pressed produce/produced/produced pull/pulled/pulled
push/pushed/pushed raise/raised/raised reach/reached/reached reduce/reduced/reduced refuse/refused/refused remember/remembered/remembered
report/reported/reported rescue/rescued/rescued return/returned/returned ride/rode/ridden ring/rang/rung save/saved/saved see/saw/seen
serve/served/served sew/sewed/sewn shake/shook/shaken share/shared/shared sharpen/sharpened/sharpened shut/shut/shut sing/sang/sung
sketch/sketched/sketched smell/smelled/smelled solve/solved/solved spill/spilled/spilled split/split/split spread/spread/spread
start/started/started stop/stopped/stopped store/stored/stored stretch/stretched/stretched support/supported/supported sweep/swept/swept
take/took/taken taste/tasted/tasted tear/tore/torn throw/threw/thrown tie/tied/tied touch/touched/touched trade/traded/traded
turn/turned/turned use/used/used wake/woke/woken warn/warned/warned watch/watched/watched wear/wore/worn wrap/wrapped/wrapped""".split()
]
PARAMETERS = """name title text query location city country date time start end amount count number limit size width height length
weight color colour price level mode format language unit currency path file folder url email phone address user sender recipient
subject body message note priority status category tag topic room seat quantity duration speed temperature volume id code key value
target source destination origin input output answer_style customer_name description artist song genre author year month day
index page offset radius angle rate ratio factor score rating reason comment label symbol order_id product_id user_id account
project branch version host port filter sort threshold enabled verbose""".split()
ATTRIBUTES = """price weight height length width depth age colour speed capacity area population budget temperature range lifetime
warranty deadline limit size nickname motto address code password rating fee salary rent version licence number symbol origin
emblem entrance diameter voltage thickness altitude duration""".split()
HAN = [
    ord(bytes((row, cell)).decode("gb2312"))
    for row in range(0xB0, 0xD7)
    for cell in range(0xA1, 0xFA)
]
EMOJI = [
    *range(0x1F600, 0x1F645),
    *range(0x1F400, 0x1F43F),
    *range(0x1F345, 0x1F370),
    *range(0x1F680, 0x1F6A5),
    0x1F389,
    0x1F680,
    0x1F44B,
    0x1F4A1,
    0x1F525,
]
CUT = [
    *(NOUNS, NOUNS, ADJECTIVES, PARAMETERS, PARAMETERS, ATTRIBUTES, UNITS, BUILDINGS, MATERIALS),
    *(SUBJECTS, ROLES, GIVEN, FAMILY, [name for name in CITIES if name.isalpha()]),
    [form for verb in VERBS for form in verb],
]
"""Lists of words that `scrambled` cuts."""
KEPT = {word.lower() for words in CUT for word in kept(words)}
