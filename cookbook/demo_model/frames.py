"""Sentences as people write them, each with questions as people ask them.

A block is a sentence and below it its questions; capitals in braces are slots (`SLOTS`), a second
value of the same kind has a 2 behind its name. Questions use other words than the sentence where
people would: `costs` is asked for as `price` or `pay`. Knows sentences that stand alone; those that
lean on each other are in `paragraphs`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from types import MappingProxyType

from words import (
    ADJECTIVES,
    MATERIALS,
    MONTHS,
    NOUNS,
    ROLES,
    SUBJECTS,
    VERBS,
    Words,
)

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday morning evening night week month summer winter spring".split()
COLOURS = "red blue green white black yellow grey brown purple orange silver pink".split()

LANGUAGES = """French German Spanish Italian Dutch Greek Polish Czech Danish Swedish Finnish Turkish Arabic Hindi Korean Japanese
Welsh Irish Latin Hebrew Swahili Russian Basque Catalan Croatian Estonian Hungarian Icelandic Latvian Maltese Norwegian Persian
Portuguese Romanian Serbian Slovak Tamil Thai Urdu Vietnamese Zulu Albanian Bengali Bulgarian""".split()
COUNTRIES = """France Spain Italy Poland Greece Norway Sweden Finland Denmark Ireland Iceland Portugal Austria Hungary Croatia Turkey
Egypt Morocco Kenya Ghana Nigeria Senegal Chile Peru Brazil Bolivia Ecuador Canada Mexico Cuba Jamaica Japan India Nepal Vietnam
Thailand Malaysia Indonesia Mongolia Australia Belgium Bulgaria Latvia Estonia Serbia Slovenia Tunisia Uganda Zambia""".split()
ANIMALS = """badger beaver camel cheetah crane donkey duck elephant falcon ferret flamingo gazelle gibbon giraffe gorilla hamster hawk
hedgehog heron iguana jackal jaguar kangaroo koala lemur leopard lion lizard llama lobster lynx magpie marten mole monkey moose newt
ocelot otter panda panther parrot pelican penguin pigeon porcupine puffin python raccoon raven salamander seal skunk sloth snail
sparrow squirrel stork swan tapir tiger toad vulture walrus weasel wombat woodpecker zebra""".split()
PLANTS = """acorn alder almond aspen azalea basil beech begonia birch cactus cedar chestnut clover crocus cypress dahlia daisy elm fern fig
foxglove gooseberry hawthorn hazel heather holly iris ivy jasmine juniper larch laurel lavender lilac lily lupin magnolia maple
mint oak olive orchid palm peony pine poppy primrose rose rosemary sage spruce sunflower thyme tulip violet willow yew""".split()
FOODS = """almonds apples asparagus bacon bananas barley beans beef beetroot blackberries broccoli butter cabbage celery cherries chicken
chickpeas chocolate cinnamon coconut cod corn cream cucumber dates duck eggs fennel figs flour garlic ginger grapes ham hazelnuts herring
honey jam kale lamb leeks lemons lentils lettuce mackerel mango mushrooms mustard noodles oats olives onions oranges oregano parsley
pasta peaches peanuts pears peas peppers pickles plums pork potatoes prawns pumpkin quinoa radishes raisins rhubarb rice saffron
salmon sausages spinach strawberries sugar tofu tomatoes trout tuna turnips vanilla vinegar walnuts yoghurt""".split()
DISHES = """soup stew pie cake tart bread omelette pancake salad curry pudding casserole risotto lasagne pizza dumpling biscuit muffin
sauce roast waffle sandwich goulash quiche paella burger crumble trifle chowder porridge cheesecake flatbread kebab scone pretzel
sorbet fritter strudel brownie""".split()
DRINKS = """tea coffee cocoa lemonade cider juice wine beer milk water espresso smoothie punch kefir mead sherry brandy gin rum whisky
soda tonic cappuccino buttermilk lassi matcha cordial champagne vodka port""".split()
SPORTS = """football tennis hockey chess swimming rowing cycling boxing fencing golf rugby cricket volleyball badminton judo karate
archery skiing skating surfing sailing climbing wrestling handball baseball basketball darts curling diving squash snooker polo
gymnastics triathlon bowling""".split()
ILLNESSES = """flu measles malaria asthma anaemia arthritis bronchitis cholera diabetes eczema epilepsy gout hepatitis jaundice migraine
mumps pneumonia psoriasis rabies rubella scurvy shingles sinusitis tetanus tonsillitis tuberculosis typhoid insomnia vertigo
hayfever""".split()
BODY = """arm ankle back belly brain cheek chest chin ear elbow eye finger foot forehead hand heart heel hip jaw kidney knee leg liver lung
neck nose shin shoulder skin skull spine stomach throat thumb toe tongue tooth wrist""".split()
TOOLS = """axe bolt broom bucket chisel clamp crowbar drill file funnel glue hammer hoe jack ladder lathe level mallet nail needle pliers
plough rake ratchet roller ruler sander scissors screwdriver shovel sickle sieve spanner spade tape tongs trowel vice wheelbarrow
wrench""".split()
INSTRUMENTS = """accordion banjo bassoon bell bugle cello clarinet cornet drum fiddle flute gong guitar harmonica harp horn lute lyre
mandolin oboe organ piano recorder saxophone sitar tambourine triangle trombone trumpet tuba ukulele viola violin xylophone""".split()
ROOMS = """attic bathroom bedroom cellar corridor kitchen lobby lounge nursery office pantry parlour porch stairwell studio study
basement ballroom canteen classroom cloakroom conservatory garage gym hallway laboratory laundry vault wardrobe workshop""".split()
FURNITURE = """armchair bench bookcase bunk cabinet carpet chest cot couch crib cupboard curtain cushion desk drawer dresser footstool
hammock mattress mirror pillow rug shelf sideboard sofa stool table wardrobe chair bed""".split()
SETTINGS = """timeout retries verbose cache theme language encoding port host proxy region locale timezone interval threshold depth
quality margin precision workers batch_size log_level max_rows min_score page_size buffer seed mode format compression prefix suffix
strict dry_run autosave offset user_agent base_url""".split()
COMMANDS = """init build deploy push pull sync export import lint format migrate restore backup status login logout install upgrade
rollback scan merge diff purge archive compile serve publish validate render watch clone fetch""".split()
BUTTONS = """Save Cancel Apply Continue Delete Duplicate Edit Export Import Invite Archive Share Preview Print Publish Refresh Rename
Replace Reset Restore Search Send Sign Start Stop Submit Undo Update Upload Verify""".split()
MENUS = """File View Tools Account Settings Profile Security Privacy Billing Notifications Network Display Sound Accessibility
Storage Updates Devices Team Projects Reports History Plugins Appearance Advanced General Backup Help Users Groups Labels""".split()
WEATHER = """fog frost hail rain sleet snow sunshine thunder drizzle wind storm heat ice mist lightning gales clouds showers drought dew
flooding rainbow blizzard cyclone hurricane breeze smog tornado typhoon humidity""".split()
JOBS = """accountant baker barber blacksmith bricklayer butcher carpenter chemist cleaner cobbler dentist doctor driver electrician farmer
firefighter florist gardener glazier goldsmith janitor jeweller journalist judge lawyer librarian mechanic midwife miller miner nurse
optician painter pharmacist pilot plumber porter postman potter sailor sculptor shepherd surgeon tailor teacher translator vet waiter
weaver welder""".split()
CROPS = """barley cotton flax hops lentils maize millet oats potatoes rapeseed rice rye sorghum soybeans sugarcane tobacco wheat beans
beets carrots coffee cocoa tea vanilla pepper cloves olives dates figs melons""".split()
METALS = """iron copper tin lead zinc silver gold nickel cobalt chromium tungsten titanium platinum mercury lithium sodium calcium
magnesium uranium aluminium bismuth cadmium gallium indium iridium osmium palladium radium vanadium manganese""".split()
DEPARTMENTS = """sales accounting marketing logistics legal support purchasing research security payroll catering training planning
production maintenance design recruiting shipping quality finance facilities engineering press export insurance housing customs
records editorial radiology cardiology""".split()
VEHICLES = """van lorry scooter tram bus taxi ferry canoe kayak yacht barge tanker tractor ambulance bicycle motorbike minibus coach
helicopter glider trailer sledge rickshaw caravan truck jeep hovercraft steamer raft moped""".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
PRONOUNS = {"she": ("her", "her"), "he": ("his", "him")}


def one(words: list[str]) -> Callable[[Words], str]:
    return lambda w: w.pick(words)


def any_of(words: Iterable[str]) -> Callable[[Words], str]:
    """For lists too short to keep a part of them back."""
    listed = list(words)
    return lambda w: w.rng.choice(listed)


SLOTS: dict[str, Callable[[Words], str]] = {
    "P": Words.person, "Q": Words.person, "T": Words.town, "U": Words.town, "B": Words.building,
    "C": Words.company, "M": Words.product, "W": Words.work, "E": Words.entity, "V": Words.invented,
    "N": lambda w: w.pick(NOUNS), "O": lambda w: w.pick(NOUNS), "A": lambda w: w.pick(ADJECTIVES),
    "X": Words.thing, "Z": Words.thing, "K": Words.number, "L": Words.number, "Y": Words.year,
    "D": Words.date, "H": Words.clock, "I": Words.clock, "R": lambda w: w.pick(ROLES),
    "S": lambda w: w.pick(SUBJECTS), "J": lambda w: w.pick(MATERIALS), "G": Words.quantity,
    "DAY": lambda w: w.rng.choice(DAYS), "COLOUR": lambda w: w.rng.choice(COLOURS), "CODE": Words.code,
    "MAIL": Words.email, "VERB": lambda w: w.rng.choice(VERBS)[0], "DONE": lambda w: w.rng.choice(VERBS)[2],
    "SHADE": lambda w: w.rng.choice(COLOURS), "MONEY": lambda w: w.rng.choice(["euros", "dollars", "pounds"]),
    "KIN": lambda w: w.rng.choice("sister brother mother father uncle aunt cousin daughter son friend neighbour boss".split()),
    "PET": lambda w: w.rng.choice("dog cat parrot horse rabbit turtle goat hamster pony".split()),
    "LANG": one(LANGUAGES), "LAND": one(COUNTRIES), "ANIMAL": one(ANIMALS), "PLANT": one(PLANTS),
    "FOOD": one(FOODS), "DISH": one(DISHES), "DRINK": one(DRINKS), "SPORT": one(SPORTS),
    "ILL": one(ILLNESSES), "BODY": one(BODY), "TOOL": one(TOOLS), "MUSIC": one(INSTRUMENTS),
    "ROOM": one(ROOMS), "SEAT": one(FURNITURE), "KEY": one(SETTINGS), "CMD": one(COMMANDS),
    "PRESS": one(BUTTONS), "MENU": one(MENUS), "SKY": one(WEATHER), "JOB": one(JOBS),
    "CROP": one(CROPS), "METAL": one(METALS), "DEPT": one(DEPARTMENTS), "CAR": one(VEHICLES),
    "WEEKDAY": any_of(WEEKDAYS), "MONTH": any_of(MONTHS), "SHE": any_of(PRONOUNS), "PATH": Words.path,
    "FEW": lambda w: str(w.rng.randint(2, 20)), "APP": Words.invented, "ADJ": one(ADJECTIVES),
}  # fmt: skip
"""`HER` and `HIM` go with `SHE`: the same person."""

BLOCKS = """
{M} costs {K} {MONEY}.
How much is {M}?
What does {M} cost?
How much do I have to pay for {M}?
How much would I pay for {M}?
What is the price of {M}?
How many {MONEY} is {M}?
How expensive is {M}?

You can buy {M} for {K} {MONEY} at {B}.
Where can I buy {M}?
How much is {M} at {B}?
What does {M} cost at {B}?
Where is {M} sold?

The ticket to {B} is {K} {MONEY} for adults and free for children.
What does a ticket to {B} cost?
How much do adults pay at {B}?
What do I pay to get into {B}?
How much is it to visit {B}?

{B} was opened in {Y} by {P}.
When was {B} opened?
Who opened {B}?
In what year did {B} open?
How old is {B}?
By whom was {B} opened?

{B} opened its doors in {Y}.
When did {B} open?
In which year was {B} opened?
Since when is {B} open?

{B} is closed on {DAY}s.
When is {B} closed?
On which day is {B} not open?
On what days can I not visit {B}?

Doors of {B} open at {H} on {DAY}s.
At what time does {B} open on {DAY}s?
When can I go into {B} on {DAY}s?

{P} is {K} years old and lives with a {PET} in {T}.
How old is {P}?
Where does {P} live?
Who lives with a {PET} in {T}?
What pet does {P} have?
In which town does {P} live?
What is the age of {P}?

The {KIN} of {P} is called {Q}.
What is the name of {P}'s {KIN}?
Who is the {KIN} of {P}?
What is {P}'s {KIN} called?

{P}'s {PET} is called {V}.
What is the name of {P}'s {PET}?
What is {P}'s {PET} called?
How is the {PET} of {P} called?
Who has a {PET} called {V}?

{P} was born in {T} in {Y}.
Where was {P} born?
When was {P} born?
In which year was {P} born?
Where does {P} come from?
In what town was {P} born?

{P} moved to {T} after {K} years in {U}.
Where did {P} move?
How long did {P} stay in {U}?
Where did {P} live before {T}?
To which town did {P} move?

{P} studied {S} in {T} and became a {R}.
What did {P} study?
Where did {P} study {S}?
What did {P} become?
Who studied {S} in {T}?

{P} won the {N} prize in {Y}.
Who won the {N} prize?
What did {P} win?
When did {P} win the {N} prize?
Who got the {N} prize in {Y}?

{P} made the {N} at home for {Q}.
Who made the {N}?
What did {P} make for {Q}?
For whom did {P} make the {N}?
Where did {P} make the {N}?

{P} makes {N}s for {C} in {T}.
Who makes the {N}s of {C}?
What does {P} make?
What is the work of {P}?
For which company does {P} make {N}s?

{P} found {K} {N}s under the {X}.
Who found the {N}s?
Where did {P} find the {N}s?
How many {N}s did {P} find?
What was under the {X}?
What was found under the {X}?

{P} left the {N} on the {O} in {B}.
Where did {P} leave the {N}?
Who left the {N} on the {O}?
What did {P} leave in {B}?
Where is the {N} of {P}?

{P} keeps the {N} in the {X}.
Where does {P} keep the {N}?
Where is {P}'s {N} kept?
What does {P} keep in the {X}?
Who keeps the {N} in the {X}?

{P} lost the {N} because the {X} was broken.
Why did {P} lose the {N}?
What did {P} lose?
Who lost the {N}?
Why was the {N} lost?

{E} was closed because of the {N} in {T}.
Why was {E} closed?
For what reason did {E} close?
Why did they close {E}?
What was the reason that {E} closed?

The {X} broke because {P} forgot the {N}.
Why did the {X} break?
What did {P} forget?
What happened to the {X}?
Who forgot the {N}?

{P} called {Q} at {H} to talk about the {N}.
When did {P} call {Q}?
Why did {P} call {Q}?
Who called {Q}?
What did {P} want to talk about with {Q}?

{P} wrote {W} in {Y}, in a house near {T}.
Who wrote {W}?
When was {W} written?
Who is the author of {W}?
In which year did {P} write {W}?
Where did {P} write {W}?

{W} tells the story of a {N} and a {O}.
What is {W} about?
What does {W} tell?
Which story does {W} tell?

{W} has {K} pages and {L} pictures.
How many pages does {W} have?
How long is {W}?
How many pictures are in {W}?

{C} was founded by {P} in {Y}.
Who founded {C}?
When was {C} founded?
Who started {C}?
Who is the founder of {C}?
In which year did {C} begin?

{C} has {K} employees and an office in {T}.
How many people work at {C}?
How many employees does {C} have?
Where is the office of {C}?
In which town does {C} have an office?

{C} makes {N}s and {O}s.
What does {C} make?
What does {C} produce?
Which company makes {N}s?
What can I buy from {C}?

{C} sold {K} {N}s in {Y}.
How many {N}s did {C} sell?
What did {C} sell in {Y}?
When did {C} sell {K} {N}s?

The head of {C} is {P}.
Who is the head of {C}?
Who runs {C}?
Who leads {C}?
Who is the boss of {C}?

{P} is in charge of the {N} at {C}.
Who is in charge of the {N}?
What does {P} do at {C}?
Who takes care of the {N} at {C}?
What is {P} responsible for?

Write to {MAIL} if the {N} does not arrive.
Where do I write if the {N} does not arrive?
What should I do if the {N} does not come?
Which address do I write to about the {N}?

You can reach {P} under {CODE}.
How can I reach {P}?
What is the phone number of {P}?
What number do I call for {P}?
How do I get in touch with {P}?

The code for the {N} is {CODE}.
What is the code for the {N}?
Which code opens the {N}?
What code do I need for the {N}?
Tell me the code of the {N}.

The password of the {N} changes every {DAY}.
When does the password of the {N} change?
How often does the password of the {N} change?
How often is the {N} password changed?

To reset {M}, hold the {X} for {K} seconds.
How do I reset {M}?
What must I do to reset {M}?
How can {M} be reset?
How long must I hold the {X} to reset {M}?

{M} needs a new {N} every {K} months.
How often does {M} need a new {N}?
What does {M} need every {K} months?
When do I have to change the {N} of {M}?

The battery of {M} lasts {K} hours.
How long does the battery of {M} last?
How many hours does {M} run on its battery?
What is the battery life of {M}?

{M} comes in {COLOUR} and {SHADE}.
Which colours does {M} come in?
In what colours can I get {M}?
What colours are there for {M}?
What colour is {M}?

{M} weighs {K} kilos and is {L} centimetres high.
How much does {M} weigh?
How heavy is {M}?
How high is {M}?
How tall is {M}?
What is the weight of {M}?

{M} can carry up to {K} {N}s.
How many {N}s can {M} carry?
What can {M} carry?
How much fits into {M}?

{M} has a {X} and a {Z}.
What does {M} have?
What comes with {M}?
Which parts does {M} have?

{M} is used for {N}s.
What is {M} used for?
What do people use {M} for?
For what is {M} good?
What is the use of {M}?

{M} does not work with {N}s.
What does {M} not work with?
With what can I not use {M}?
Which things does {M} not work with?

The {A} {N} of {P} is {COLOUR}.
What colour is the {N} of {P}?
Which colour does {P}'s {N} have?
What is the colour of {P}'s {A} {N}?

The {N} belongs to {P}.
Who owns the {N}?
Whose {N} is it?
To whom does the {N} belong?
Who does the {N} belong to?

The {N} of {B} is {K} years old.
How old is the {N} of {B}?
What is the age of the {N} of {B}?

{B} has {K} rooms and a {X}.
How many rooms does {B} have?
How many rooms are there in {B}?
How big is {B}?
What does {B} have besides rooms?

{B} stands on the {A} side of the river, in {T}.
Where is {B}?
On which side of the river is {B}?
In which town is {B}?
Where can I find {B}?

{B} was built from {J} in {Y}.
What was {B} built from?
When was {B} built?
Which material was used to build {B}?
In what year was {B} built?

{B} burned down in {Y}.
When did {B} burn down?
What happened to {B}?
What happened to {B} in {Y}?

{P} designed {B}.
Who designed {B}?
Who was the architect of {B}?
What did {P} design?
Who drew the plans of {B}?

From {T} to {U} the train takes {K} hours.
How long does the train from {T} to {U} take?
How long is the trip from {T} to {U}?
How many hours does it take to go from {T} to {U}?

The bus to {T} leaves at {H}.
When does the bus to {T} leave?
At what time does the bus to {T} go?
When can I take the bus to {T}?

The train from {T} arrives at {H} on platform {K}.
When does the train from {T} arrive?
On which platform does the train from {T} arrive?
At what time does the train from {T} come?

{T} lies {K} kilometres north of {U}.
How far is {T} from {U}?
Where does {T} lie?
Where is {T}?
What is the distance between {T} and {U}?

{T} has {K} inhabitants.
How many people live in {T}?
How many inhabitants does {T} have?
What is the population of {T}?
How big is {T}?

{T} is known for its {X}.
What is {T} known for?
What is {T} famous for?
Why do people know {T}?

The mayor of {T} is {P}.
Who is the mayor of {T}?
What is the name of the mayor of {T}?
Of which town is {P} the mayor?

The {N} of {T} takes place every {DAY}.
When does the {N} of {T} take place?
How often does the {N} of {T} take place?
When is the {N} of {T}?

The {N} festival begins on {D}.
When does the {N} festival begin?
On what day does the {N} festival start?
What is the date of the {N} festival?

The meeting about the {N} is at {H} in the {O} room.
When is the meeting about the {N}?
Where is the meeting about the {N}?
In which room is the meeting about the {N}?
What is at {H} in the {O} room?

{P} leads the {N} meeting on {DAY}s.
Who leads the {N} meeting?
What does {P} do on {DAY}s?
When is the {N} meeting?

{P} and {Q} met at {B} in {Y}.
Where did {P} and {Q} meet?
When did {P} meet {Q}?
Who met {Q} at {B}?

{P} taught {S} at {B} for {K} years.
What did {P} teach?
How long did {P} teach {S}?
Who taught {S} at {B}?
Where did {P} teach {S}?

{P} plays the {N} in the {V} band.
Who plays the {N} in the {V} band?
What does {P} play?
Which band does {P} play in?
What instrument does {P} play?

{P} paid {K} {MONEY} for the {X}.
How much did {P} pay for the {X}?
What did {P} buy?
Who paid for the {X}?
What did the {X} cost?
How much did the {X} cost?

{P} bought the {N} from {Q} in {Y}.
From whom did {P} buy the {N}?
Who bought the {N}?
Who sold the {N} to {P}?
When did {P} buy the {N}?

{P} gave the {X} to {Q}.
Who gave the {X} to {Q}?
What did {P} give to {Q}?
Who got the {X} from {P}?
To whom did {P} give the {X}?

{P} wants to sell the {N} next {DAY}.
What does {P} want to sell?
When will {P} sell the {N}?
Who wants to sell the {N}?

{P} eats {N} with {O} every {DAY}.
What does {P} eat every {DAY}?
Who eats {N} with {O}?
When does {P} eat {N}?
What does {P} like to eat?

{P} drives a {COLOUR} {N} to work.
What does {P} drive?
How does {P} get to work?
Who drives a {COLOUR} {N}?
What colour is the {N} that {P} drives?

{P} is afraid of {N}s.
What is {P} afraid of?
Who is afraid of {N}s?
What does {P} fear?

{P} speaks {V} and {T}ish.
Which languages does {P} speak?
What languages does {P} know?
Who speaks {V}?

{P} climbed {E} in {K} hours.
How long did {P} need for {E}?
Who climbed {E}?
How fast did {P} climb {E}?

Boil the {N} for {K} minutes before you add the {O}.
How long must I boil the {N}?
What do I do before I add the {O}?
How many minutes do I boil the {N}?
What do I add after the {N}?

Put {K} grams of {N} and {L} grams of {O} into the bowl.
How much {N} do I need?
What goes into the bowl?
How many grams of {O} go into the bowl?

The {N} soup is made of {O}, salt and water.
What is the {N} soup made of?
What is in the {N} soup?
What do I need for the {N} soup?

Visitors must leave the {N} at the door of {B}.
What must visitors leave at the door of {B}?
Where do visitors leave the {N}?
What may I not take into {B}?

No {N}s are allowed in {B}.
What is not allowed in {B}?
Are {N}s allowed in {B}?
Can I bring {N}s to {B}?
May I take {N}s into {B}?

Members of {C} get {K} percent off every {N}.
How much do members of {C} save?
What do members of {C} get?
How many percent do members of {C} get off a {N}?

A {N} can be returned within {K} days.
How long can I return a {N}?
Within how many days can a {N} be returned?
How many days do I have to return a {N}?
When can a {N} be returned?

The warranty of {M} is {K} years.
How long is the warranty of {M}?
How many years of warranty does {M} have?
What warranty does {M} have?

Orders above {K} {MONEY} are sent free of charge.
Which orders are sent free of charge?
When do I not pay for sending?
From how many {MONEY} is sending free?

The {N} is delivered on {DAY}s only.
When is the {N} delivered?
On which days is the {N} delivered?
When does the {N} come?

Holiday must be asked for {K} days before.
How early must I ask for holiday?
How many days before must holiday be asked for?
When do I have to ask for holiday?

{P} approves the {N} requests.
Who approves the {N} requests?
What does {P} approve?
Who must say yes to a {N} request?

The {N} server is restarted every {DAY} at {H}.
When is the {N} server restarted?
How often is the {N} server restarted?
At what time does the {N} server restart?

Backups of the {N} are kept for {K} days.
How long are backups of the {N} kept?
For how many days do you keep backups of the {N}?
How long do we keep the {N} backups?

Version {K} of {M} removed the {N}.
What did version {K} of {M} remove?
In which version was the {N} removed?
What changed in version {K} of {M}?

{P} fixed the {N} by changing the {O}.
How did {P} fix the {N}?
Who fixed the {N}?
How was the {N} fixed?
What did {P} change?

The {A} whale of {T} eats {N}s and sleeps {K} hours a day.
What does the {A} whale of {T} eat?
How long does the {A} whale of {T} sleep?
How many hours does the {A} whale of {T} sleep?

The {V} tree grows up to {K} metres high.
How high does the {V} tree grow?
How tall is the {V} tree?
How many metres does the {V} tree grow?

The {V} bird lives in the {N}s of {T}.
Where does the {V} bird live?
In what does the {V} bird live?
Which bird lives in the {N}s of {T}?

The {V} river flows from {T} to {U}.
Where does the {V} river flow?
From where does the {V} river come?
Which river flows to {U}?
Where does the {V} river begin?

The {V} mountain is {K} metres high.
How high is the {V} mountain?
What is the height of the {V} mountain?
How tall is the {V} mountain?

The {N} team of {T} won {K} games in {Y}.
How many games did the {N} team of {T} win?
Which team won {K} games?
When did the {N} team of {T} win {K} games?

The {N} was painted by {P} when she was {K}.
Who painted the {N}?
How old was {P} when she painted the {N}?
What did {P} paint?

After the repair, {E} has {K} {N}s.
How many {N}s does {E} have after the repair?
How many {N}s does {E} have now?
What does {E} have since the repair?

Before {Y}, {E} had {K} {N}s.
How many {N}s did {E} have before {Y}?
What did {E} have before {Y}?
When did {E} have {K} {N}s?

{E} has been the {A} {N} of {T} since {Y}.
Since when has {E} been the {A} {N} of {T}?
What has {E} been since {Y}?
What is the {A} {N} of {T}?

Only {P} has the key to the {X}.
Who has the key to the {X}?
Who can open the {X}?
What key does {P} have?

If it rains, the {N} is moved to {B}.
Where is the {N} moved if it rains?
What happens to the {N} when it rains?
When is the {N} moved to {B}?
Where will the {N} be in bad weather?

The {N} group meets in {B} at {H}.
Where does the {N} group meet?
When does the {N} group meet?
At what time does the {N} group meet?
Which group meets in {B}?

{P} cannot come because of a {A} {N}.
Why can {P} not come?
Who cannot come?
Why is {P} not coming?
What keeps {P} from coming?

The first {N} was sold to {P} for {K} {MONEY}.
Who bought the first {N}?
For how much was the first {N} sold?
How much did {P} pay for the first {N}?
To whom was the first {N} sold?

On weekdays {B} is open from {H} to {I}.
What are the opening hours of {B} on weekdays?
When can I visit {B} during the week?
At what time does {B} open on weekdays?
Until when is {B} open on weekdays?
Opening hours of {B}?

In {MONTH}, {B} stays closed for repairs.
In which month is {B} closed?
Why is {B} shut in {MONTH}?
What is the reason that {B} does not open in {MONTH}?
Is {B} open in {MONTH}?

Last entry to {B} is {FEW} minutes before closing time.
When is the last entry to {B}?
How late can I still get into {B}?
How long before closing may I enter {B}?
Last admission to {B}?

Groups of more than {FEW} people should book a visit to {B} by phone.
How do large groups book a visit to {B}?
From what size must groups book at {B}?
Who should call before coming to {B}?
Does a group have to book for {B}?

Students pay half price at {B} if they show a card.
How much do students pay at {B}?
What must students show at {B} to pay less?
Who gets in for half price at {B}?
Is there a student discount at {B}?

Entry to {B} is free on the first {WEEKDAY} of every month.
When is {B} free?
On what day can I get into {B} without paying?
What does {B} cost on the first {WEEKDAY} of the month?
When do I not have to pay at {B}?

There is no lift in {B}, so wheelchairs cannot reach the upper floor.
Does {B} have a lift?
Why can wheelchairs not reach the upper floor of {B}?
Which floor of {B} can wheelchairs not reach?
Can I take a wheelchair upstairs in {B}?

{B}, designed by {P} in {Y}, is one of the oldest buildings of {T}.
Who was the architect of {B}?
When was {B} designed?
What is one of the oldest buildings of {T}?
Which building did {P} design in {Y}?

The café on the top floor of {B} serves {DISH} and {DRINK}.
Where is the café of {B}?
What does the café of {B} serve?
What can I eat in {B}?
On which floor of {B} can I get {DRINK}?

Because the roof leaks, the {ROOM} of {B} cannot be used at the moment.
Why can the {ROOM} of {B} not be used?
Which room of {B} is out of use?
What is wrong with the {ROOM} of {B}?
Can I use the {ROOM} of {B}?

You may park behind {B} for at most {FEW} hours.
Where can I park near {B}?
How long may I leave my car at {B}?
What is the maximum parking time behind {B}?
Is there parking at {B}?

Photographs may be taken in {B}, but without a flash.
Can I take photos in {B}?
Is a flash allowed in {B}?
What must I not use when I photograph in {B}?
Photography rules in {B}?

The tower of {B} has {K} steps and a view over {T}.
How many steps does the tower of {B} have?
What can be seen from the tower of {B}?
Over which town does one look from {B}?
Number of steps in the tower of {B}?

Ask for the audio guide of {B}, which comes in {LANG}, {LANG2} and English.
In which languages is there an audio guide of {B}?
What languages does the guide of {B} speak?
Can I hear the guide of {B} in {LANG}?
Audio guide languages at {B}?

Most of the pictures in {B} were given by {P}, a rich {JOB} from {T}.
Who gave the pictures to {B}?
What did {P} give to {B}?
What was the profession of {P}?
Where was the donor of the pictures in {B} from?
Where do the pictures in {B} come from?

Nobody may swim in the lake behind {B} after dark.
When is swimming behind {B} forbidden?
Can I swim in the lake behind {B} at night?
What is not allowed behind {B} after dark?
Where is swimming forbidden after dark?

At {H} the gates of {B} are locked by the night guard.
When are the gates of {B} locked?
Who locks the gates of {B}?
What happens at {B} at {H}?
At what time do they close the gates of {B}?

A single ticket for {B} costs less than a family ticket, which is {K} {MONEY}.
How much is a family ticket for {B}?
What does a family pay at {B}?
Which ticket for {B} is cheaper?
Price of the family ticket for {B}?

Although it was damaged in the war, {B} was never pulled down.
What happened to {B} in the war?
Was {B} ever pulled down?
When was {B} damaged?
Did {B} survive the war?

For {K} years {B} was used as a prison.
What was {B} used as?
How long was {B} a prison?
For how many years were people locked up in {B}?
What purpose did {B} serve for {K} years?

{B} was moved stone by stone to {T} in {Y}.
How was {B} moved?
Where was {B} moved?
When was {B} taken to {T}?
To which town did they move {B}?

The garden around {B} was planted with {PLANT}s and {PLANT2}s.
What grows in the garden of {B}?
Which plants were set around {B}?
What was planted around {B}?
Are there {PLANT}s in the garden of {B}?

Dogs are welcome in {B} as long as they are kept on a lead.
Can I bring my dog to {B}?
Are dogs allowed in {B}?
What is the rule for dogs in {B}?
How must dogs be kept in {B}?

Two lions made of {J} guard the entrance of {B}.
What guards the entrance of {B}?
What are the lions of {B} made of?
How many lions stand at the door of {B}?
Where do the lions of {B} stand?
Material of the lions at {B}?

The annual fee of the {SPORT} club is {K} {MONEY}, half of it for juniors.
What does the {SPORT} club cost per year?
How much is the membership of the {SPORT} club?
Who pays half in the {SPORT} club?
How much do juniors pay in the {SPORT} club?
Annual fee of the {SPORT} club?

Training of the {SPORT} club takes place in {B} every {WEEKDAY}.
Where does the {SPORT} club train?
When does the {SPORT} club train?
On which day is {SPORT} training?
What happens in {B} on {WEEKDAY}s?

The {SPORT} match was stopped after {FEW} minutes because of {SKY}.
Why was the {SPORT} match stopped?
When was the {SPORT} match broken off?
How long did the {SPORT} match last before it was stopped?
What stopped the {SPORT} match?

{P}, who had never played {SPORT} before, won the first game.
Who won the first game of {SPORT}?
Which sport had {P} never played before?
What did {P} win?
Had {P} played {SPORT} before?

With {FEW} goals in one season, {P} holds the record of the {T} team.
How many goals did {P} score in one season?
Who holds the record of the {T} team?
What record does {P} hold?
For which team did {P} score?

{P} trains {FEW} hours a day for the {SPORT} championship in {T}.
How long does {P} train every day?
What is {P} training for?
Where is the {SPORT} championship?
Which sport does {P} do?
How many hours a day does {P} practise?

A {SPORT} team consists of {FEW} players and a goalkeeper.
How many players are in a {SPORT} team?
How big is a {SPORT} team?
What does a {SPORT} team consist of?
Who belongs to a {SPORT} team besides the players?

In {SPORT}, touching the {N} with the {BODY} is a foul.
What is a foul in {SPORT}?
What must I not touch with the {BODY} in {SPORT}?
Is it allowed to touch the {N} with the {BODY} in {SPORT}?
What counts as a foul in {SPORT}?

The {SPORT} final between {T} and {U} ended without a winner.
Who won the {SPORT} final?
How did the {SPORT} final end?
Which towns played in the {SPORT} final?
What was the result of the {SPORT} final between {T} and {U}?

{P} broke {HER} {BODY} during the {SPORT} season and could not play for {FEW} weeks.
What did {P} break?
How long could {P} not play?
Why did {P} miss {FEW} weeks of {SPORT}?
When did {P} break {HER} {BODY}?
How was {P} hurt?

Bake the {DISH} at {K} degrees until the top is brown.
At what temperature do I bake the {DISH}?
How hot must the oven be for the {DISH}?
How long should the {DISH} stay in the oven?
When is the {DISH} done?
Oven temperature for the {DISH}?

Let the dough of the {DISH} rest for {FEW} hours in a cool place.
How long does the dough of the {DISH} rest?
Where should the dough of the {DISH} rest?
What do I do with the dough of the {DISH}?
How many hours must I leave the {DISH} dough?

Our {DISH} contains {FOOD}, {FOOD2} and a little salt.
What is in your {DISH}?
What are the ingredients of the {DISH}?
Is there {FOOD} in the {DISH}?
What is the {DISH} made of?
What does the {DISH} contain?

Instead of {FOOD} you can use {FOOD2} for the {DISH}.
What can I use instead of {FOOD} for the {DISH}?
What replaces {FOOD} in the {DISH}?
I have no {FOOD} for the {DISH}, what can I take?
Which ingredient of the {DISH} can be replaced by {FOOD2}?

Cut the {FOOD} into thin slices before frying.
How do I cut the {FOOD}?
What do I do with the {FOOD} before frying?
When should I cut the {FOOD}?
How thick should the slices of {FOOD} be?

Never wash {FOOD} with hot water, since this ruins the taste.
Why should I not wash {FOOD} with hot water?
What ruins the taste of {FOOD}?
Can I wash {FOOD} with hot water?
How should {FOOD} never be washed?

A portion of {DISH} has about {K} calories.
How many calories does the {DISH} have?
How many calories are in a portion of {DISH}?
What is the energy of a portion of {DISH}?
Calories of the {DISH}?

The {DISH} for {FEW} people takes {K} minutes to prepare.
How long does it take to prepare the {DISH}?
How many people is the {DISH} for?
How many does the {DISH} serve?
How much time do I need for the {DISH}?

Stir {FOOD} and {FOOD2} with a wooden spoon until the mixture is smooth.
What do I stir with a wooden spoon?
How long do I stir {FOOD} and {FOOD2}?
With what should I stir the {FOOD}?
When can I stop stirring the {FOOD}?

{DRINK} from {T} is stronger than that from {U}.
Which {DRINK} is stronger?
How does {DRINK} from {T} compare with that from {U}?
Where does the stronger {DRINK} come from?
Is {DRINK} from {U} as strong as that from {T}?

Keep the {FOOD} in a dry {ROOM}, away from the light.
Where should I keep {FOOD}?
How do I store {FOOD}?
From what should {FOOD} be kept away?
In which room do I keep the {FOOD}?

Everyone who is allergic to {FOOD} should not eat the {DISH}.
Who should not eat the {DISH}?
What should people who cannot stand {FOOD} not eat?
I am allergic to {FOOD}, can I eat the {DISH}?
Why might somebody have to avoid the {DISH}?

At the restaurant {V} a plate of {DISH} costs {K} {MONEY}.
How much is the {DISH} at {V}?
What does {DISH} cost in the restaurant {V}?
What do I pay for a plate of {DISH}?
In which restaurant can I eat {DISH}?
Price of {DISH} at {V}?

The cook {P} serves {DISH} only on {WEEKDAY}s.
When does {P} serve {DISH}?
Who serves the {DISH}?
On which day can I eat {DISH} with {P}?
What is the job of {P}?

Add the {FOOD} last, otherwise the {DISH} turns bitter.
When do I add the {FOOD}?
What happens if I add the {FOOD} to the {DISH} too early?
Why must the {FOOD} come last into the {DISH}?
What goes into the {DISH} last?

Two spoons of {FOOD} are enough for a litre of {DRINK}.
How much {FOOD} do I need for a litre of {DRINK}?
How many spoons of {FOOD} go into the {DRINK}?
For how much {DRINK} are two spoons of {FOOD} enough?
What do I put into a litre of {DRINK}?

Wheat flour makes the {DISH} lighter, whereas {CROP} gives it more taste.
What makes the {DISH} lighter?
What gives the {DISH} more taste?
What does {CROP} do for the {DISH}?
Why would I use wheat flour for the {DISH}?

Vegetarians can order the {DISH} without {FOOD}.
How can vegetarians order the {DISH}?
What is left out of the {DISH} for vegetarians?
Who can order the {DISH} without {FOOD}?
Is there a vegetarian {DISH}?

{P} learned how to make {DISH} from {HER} grandmother.
Who taught {P} to make {DISH}?
What did {P} learn from {HER} grandmother?
How did {P} learn to make {DISH}?
Who learned to make {DISH}?

Every {WEEKDAY} {P} bakes bread for the whole street.
When does {P} bake bread?
Who bakes bread for the street?
What does {P} do on {WEEKDAY}s?
For whom does {P} bake?
Who is the baker of the street?

Set `{KEY}` to {K} to make {APP} faster.
How do I make {APP} faster?
What should I set `{KEY}` to?
Which value of `{KEY}` makes {APP} faster?
Which setting speeds up {APP}?
What does `{KEY}` do in {APP}?

By default, `{KEY}` is {K} seconds.
What is the default of `{KEY}`?
How long is `{KEY}` by default?
How many seconds is `{KEY}` if I do not set it?
Default value of `{KEY}`?

The option `{KEY}` tells {APP} where to look for plugins.
What does the option `{KEY}` do?
Which option tells {APP} where the plugins are?
How does {APP} know where to look for plugins?
What is `{KEY}` for?

If `{KEY}` is missing, {APP} stops with an error.
What happens if `{KEY}` is missing?
When does {APP} stop with an error?
Is `{KEY}` required by {APP}?
What does {APP} do without `{KEY}`?

Run `{APP} {CMD}` to create a new project.
How do I create a new project with {APP}?
What does `{APP} {CMD}` do?
Which command of {APP} starts a new project?
What must I type to make a project in {APP}?

The command `{CMD}` needs a network connection, while `{CMD2}` works offline.
Which command works offline?
Does `{CMD}` need a network connection?
Can I use `{CMD2}` without a network?
What does the command `{CMD}` need?

{APP} reads its settings from `{PATH}`.
From where does {APP} read its settings?
Where are the settings of {APP}?
In which file does {APP} keep its configuration?
Which file does {APP} read?
Path of the {APP} settings?

Logs of {APP} are written to `{PATH}` and deleted after {FEW} days.
Where are the logs of {APP}?
How long are the logs of {APP} kept?
What happens to the logs of {APP} after {FEW} days?
Where can I find the {APP} log?
When are {APP} logs deleted?

To export your data from {APP}, open {MENU} and press {PRESS}.
How do I export my data from {APP}?
What must I press to export my data from {APP}?
How can I get my data out of {APP}?
Which menu of {APP} is for exporting data?

Since version {K}, {APP} starts twice as fast.
Since which version does {APP} start faster?
What has changed in {APP} since version {K}?
How much faster does {APP} start?
What is better in version {K} of {APP}?

{APP} {FEW} no longer supports old printers.
What does {APP} {FEW} no longer support?
Can I use an old printer with {APP} {FEW}?
What was dropped in {APP} {FEW}?
Which version of {APP} ended the support of old printers?

A bug that made {APP} crash when opening {N} files was fixed by {P}.
Who fixed the bug in {APP}?
When did {APP} crash?
What made {APP} crash?
What did the bug in {APP} do?
What was fixed by {P}?

{APP} runs on Linux and Windows but not on phones.
On what does {APP} run?
Does {APP} run on phones?
Which systems does {APP} support?
Where does {APP} not work?
Can I install {APP} on Windows?

You need at least {FEW} gigabytes of memory to run {APP}.
How much memory does {APP} need?
What do I need to run {APP}?
How many gigabytes of memory must I have for {APP}?
Memory requirements of {APP}?

The free plan of {APP} is limited to {K} requests per day.
How many requests does the free plan of {APP} allow?
What is the limit of {APP}'s free plan?
How often can I call {APP} for free?
Which plan of {APP} has a daily limit?

When a request fails, {APP} tries again up to {FEW} times.
What does {APP} do when a request fails?
How often does {APP} try again?
How many retries does {APP} make?
What happens if a request to {APP} fails?

The function `{CMD}_{N}` returns a list of {O}s.
What does `{CMD}_{N}` return?
Which function returns a list of {O}s?
How do I get a list of {O}s?
What kind of value does `{CMD}_{N}` give back?

Pass `{KEY}=False` if you do not want {APP} to print anything.
How do I stop {APP} from printing?
What should I pass if {APP} is to print nothing?
What does `{KEY}=False` do?
How can I make {APP} silent?

Calling `close` twice on a {APP} connection is safe.
Is it safe to call `close` twice in {APP}?
What is safe with a {APP} connection?
Can I close a {APP} connection twice?
What happens if I call `close` twice in {APP}?

A `{V}Error` is raised if the file does not exist.
When is a `{V}Error` raised?
What is raised if the file does not exist?
Which error do I get for a missing file?
What does `{V}Error` mean?

{APP} stores passwords encrypted and never sends them to anyone.
How does {APP} store passwords?
Does {APP} send passwords to anyone?
What does {APP} never send?
Are passwords safe in {APP}?

Press {PRESS} twice to undo the last change in {APP}.
How do I undo the last change in {APP}?
What happens if I press {PRESS} twice in {APP}?
What do I press to undo something in {APP}?
How often must I press {PRESS} to undo a change?

To change your password in {APP}, go to {MENU} and choose {MENU2}.
How do I change my password in {APP}?
Where can I change my {APP} password?
What must I choose to get a new password in {APP}?
Which menu of {APP} do I need for a new password?

If you forgot your {APP} password, a link will be sent to your e-mail address.
What happens if I forgot my {APP} password?
I forgot my {APP} password, what now?
Where is the link for a new {APP} password sent?
How do I get back into {APP} without a password?

An account of {APP} is locked after {FEW} wrong passwords.
When is an account of {APP} locked?
How many wrong passwords can I try in {APP}?
What happens after {FEW} wrong passwords in {APP}?
Why is my {APP} account locked?

Deleted files stay in the trash of {APP} for {K} days.
How long do deleted files stay in {APP}?
Where are deleted files of {APP}?
For how many days can I get back a file deleted in {APP}?
What happens to deleted files in {APP}?

Only administrators of {APP} may invite new users.
Who may invite new users to {APP}?
What may only administrators of {APP} do?
Can I invite somebody to {APP}?
Who can add users in {APP}?

The newest release of {APP} adds a dark theme and support for {LANG}.
What is new in {APP}?
What does the newest release of {APP} add?
Which language does the newest {APP} support?
What changed in the newest {APP}?

{APP} was first released in {Y} under the name {V}.
When was {APP} first released?
What was {APP} called at first?
What was the first name of {APP}?
In which year did {APP} come out?

Plugins for {APP} are written in {LANG}Script, a small language by {P}.
In what language are plugins for {APP} written?
Who made {LANG}Script?
What is {LANG}Script?
How are plugins for {APP} written?

Uploads to {APP} must not be larger than {K} megabytes.
How large may uploads to {APP} be?
What is the largest file that I can upload to {APP}?
Size limit of {APP} uploads?
How many megabytes may I upload to {APP}?

{APP} uses less memory than {V} but takes longer to start.
Which needs less memory than {V}?
What takes longer to start, {APP} or {V}?
How does {APP} compare with {V}?
What is the drawback of {APP}?
What is the advantage of {APP} over {V}?

After the update of {APP}, the computer must be restarted.
What must I do after the update of {APP}?
When must the computer be restarted?
Do I need to restart the computer after updating {APP}?
Why must I restart the computer?

Your {APP} key is valid for {K} days and can be renewed under {MENU}.
How long is an {APP} key valid?
Where can I renew my {APP} key?
When does my {APP} key run out?
Which menu do I open to renew the {APP} key?

Tests of {APP} are run every night on {FEW} machines.
When are the tests of {APP} run?
How often do the tests of {APP} run?
On how many machines is {APP} tested?
What is run every night for {APP}?

The {N} button of {APP} is hidden until you log in.
When do I see the {N} button of {APP}?
Why can I not see the {N} button in {APP}?
What is hidden until I log in to {APP}?
How do I make the {N} button of {APP} appear?

Error {CODE} means that the disk of {M} is full.
What does error {CODE} mean?
Which error says that the disk is full?
When does {M} show {CODE}?
What is wrong if I see {CODE}?

Without a licence, {APP} prints a mark on every page.
What happens if I use {APP} without a licence?
Why does {APP} print a mark on every page?
What does {APP} print without a licence?
Do I need a licence for {APP}?

The API of {APP} answers in JSON unless you ask for XML.
In which format does the API of {APP} answer?
Can the API of {APP} answer in XML?
What does the API of {APP} return by default?
How do I get XML from {APP}?

Rows with no {KEY} are skipped when {APP} imports a table.
Which rows are skipped by {APP}?
What happens to rows with no {KEY}?
When does {APP} skip rows?
Why are some rows missing after the import into {APP}?

Employees of {C} get {FEW} days of holiday per year.
How many days of holiday do employees of {C} get?
How much holiday does {C} give?
How many free days do I have at {C}?
Holiday at {C}?

Anyone at {C} who is ill must tell {P} before {H}.
Whom must I tell when I am ill at {C}?
By what time must I call in sick at {C}?
What must I do if I am ill at {C}?
Who wants to know about illness at {C}?

Travel costs of {C} staff are paid back within {FEW} days.
When are travel costs paid back at {C}?
How long does it take {C} to pay travel costs?
What does {C} pay back?
How soon do I get my travel money from {C}?

{C} lets its people work from home on {WEEKDAY}s.
When may people at {C} work from home?
Can I work from home at {C}?
On which day can staff of {C} stay at home?
What does {C} allow on {WEEKDAY}s?

New colleagues at {C} are shown around by {P} on their first day.
Who shows new colleagues around at {C}?
When are new colleagues at {C} shown around?
What does {P} do with new people at {C}?
What happens on the first day at {C}?

The {DEPT} department of {C} moved into the {ROOM} in {MONTH}.
Where is the {DEPT} department of {C} now?
When did the {DEPT} department of {C} move?
Which department of {C} moved?
Which room did the {DEPT} people of {C} get?

{P} has led the {DEPT} department of {C} since {Y}.
Who leads the {DEPT} department of {C}?
Since when has {P} been at the head of {DEPT}?
Who is the head of {DEPT} at {C}?
What does {P} lead?

Questions about {DEPT} should be sent to {MAIL}.
Where do I send questions about {DEPT}?
What is the address of {DEPT}?
Whom do I write to about {DEPT}?
How can I contact the {DEPT} people?
E-mail of {DEPT}?

Every invoice above {K} {MONEY} has to be signed by two people.
Which invoices need two signatures?
How many people must sign an invoice above {K} {MONEY}?
When does an invoice have to be signed twice?
Who has to sign large invoices?

Salaries at {C} are paid on the {FEW}th of each month.
When are salaries paid at {C}?
On which day does {C} pay its people?
When do I get my money from {C}?
What happens on the {FEW}th of the month at {C}?

{C} closed its shop in {T} after losing {K} {MONEY}.
Why did {C} close its shop?
Where was the shop that {C} closed?
How much money did {C} lose?
What did {C} do after losing money?

Half of the workers of {C} come from {LAND}.
Where do half of the workers of {C} come from?
How many of the workers of {C} come from {LAND}?
From which country does {C} get its people?
Which part of the staff of {C} is from {LAND}?

{C} bought its rival {V} for {K} million {MONEY}.
Whom did {C} buy?
How much did {C} pay for {V}?
Who bought {V}?
What was the price of {V}?
Which company took over {V}?

Smoking is forbidden everywhere at {C} except in the yard.
Where may I smoke at {C}?
Is smoking allowed at {C}?
What is forbidden at {C}?
Can I smoke in the office of {C}?

Interviews for the post of {JOB} will be held by {P} in {MONTH}.
When are the interviews for the post of {JOB}?
Who holds the interviews for the post of {JOB}?
For what post are interviews held?
In which month do they talk to people who want to be {JOB}?

{C} is looking for a {JOB} who speaks {LANG}.
Whom is {C} looking for?
Which language must the {JOB} of {C} speak?
What kind of worker does {C} need?
Does the {JOB} at {C} need {LANG}?

The working day at {C} starts at {H} and has {FEW} hours.
When does work start at {C}?
How long is the working day at {C}?
How many hours do people at {C} work a day?
At what time must I be at {C} in the morning?

Laptops lent by {C} must be given back on the last working day.
When must laptops be given back to {C}?
What must I return when I leave {C}?
What happens to a laptop lent by {C}?
Do I keep the laptop of {C} when I leave?

Nobody at {C} may accept gifts worth more than {K} {MONEY}.
What gifts may people at {C} not accept?
Up to what value may I take gifts at {C}?
Can I accept a gift at {C}?
Limit for gifts at {C}?

{P} resigned as {R} of {C} after a quarrel with {Q}.
Why did {P} resign?
Who resigned as {R} of {C}?
With whom did {P} quarrel?
What post did {P} give up?

To order new {N}s, fill in the yellow form and give it to {P}.
How do I order new {N}s?
Who gets the form for new {N}s?
What colour is the form for ordering {N}s?
What must I fill in to order {N}s?
Whom do I give the {N} form?

Only half of the {N}s that {C} ordered arrived in time.
How many of the {N}s that {C} ordered arrived in time?
What did {C} order?
Did all {N}s of {C} arrive in time?
Which company was waiting for {N}s?

A parcel to {LAND} takes {FEW} days and costs {K} {MONEY}.
How long does a parcel to {LAND} take?
How much does it cost to send a parcel to {LAND}?
When will a parcel get to {LAND}?
What do I pay for a parcel to {LAND}?
Postage to {LAND}?

Parcels heavier than {FEW} kilos are not accepted by {C}.
Which parcels are not accepted by {C}?
How heavy may a parcel for {C} be?
What is the weight limit of {C}?
Does {C} take heavy parcels?

If nobody is at home, {C} leaves the parcel with a neighbour.
What does {C} do if nobody is at home?
With whom does {C} leave the parcel?
Where is my {C} parcel if I was not at home?
What happens to a parcel when nobody opens the door to {C}?

The {CAR} carrying {CROP} from {T} was {FEW} hours late.
How late was the {CAR} from {T}?
What was the {CAR} from {T} carrying?
From where came the {CAR} with {CROP}?
Which vehicle brought the {CROP}?

{K} tonnes of {CROP} were loaded onto the ship in {T}.
How much {CROP} was loaded onto the ship?
Where was the {CROP} loaded?
What was loaded in {T}?
Onto what was the {CROP} loaded?

Goods that need cooling are stored in hall {FEW} of {C}.
Where does {C} store goods that need cooling?
What is stored in hall {FEW} of {C}?
Which hall of {C} is cooled?
Where do I put things that must stay cold at {C}?

The driver of the {CAR}, {P}, fell asleep near {T}.
Who drove the {CAR}?
Where did {P} fall asleep?
What happened to the driver of the {CAR}?
Who fell asleep near {T}?

Since the tunnel opened, trucks no longer have to drive through {T}.
Why do trucks no longer drive through {T}?
Since when do trucks not pass {T}?
What changed for trucks in {T}?
What made the trucks leave {T}?

Trains between {T} and {U} run every {FEW} minutes.
How often do trains run between {T} and {U}?
How often can I go from {T} to {U} by train?
Where do trains run every {FEW} minutes?
How long do I wait for a train from {T} to {U}?

The last tram to {B} leaves {T} shortly after midnight.
When does the last tram to {B} leave?
How late can I take a tram to {B}?
From where does the last tram to {B} leave?
Which tram leaves {T} after midnight?

Line {FEW} does not stop at {B} on {WEEKDAY}s.
Which line does not stop at {B} on {WEEKDAY}s?
When does line {FEW} not stop at {B}?
Where does line {FEW} not stop on {WEEKDAY}s?
Does line {FEW} stop at {B} every day?

The ferry from {T} carries up to {K} cars and {L} passengers.
How many cars does the ferry from {T} carry?
How many passengers fit on the ferry from {T}?
What can the ferry from {T} carry?
Can I take my car on the ferry from {T}?

Because of works on the line, buses replace the trains to {T} until {D}.
Why do buses replace the trains to {T}?
Until when do buses replace the trains to {T}?
What runs instead of the trains to {T}?
How do I get to {T} during the works?

Bicycles may be taken on the train to {T} for {FEW} {MONEY}.
What does it cost to take a bicycle on the train to {T}?
Can I take my bicycle on the train to {T}?
How much do I pay for a bicycle to {T}?
What may be taken on the train to {T}?

Passengers for {LAND} must be at the airport {FEW} hours before the flight.
How early must passengers for {LAND} be at the airport?
When must I be at the airport for a flight to {LAND}?
Where must passengers for {LAND} be {FEW} hours before?
How many hours before a flight to {LAND} should I come?

Flight {CODE} to {T} has been cancelled because of {SKY}.
Why was flight {CODE} cancelled?
Which flight to {T} was cancelled?
Where was flight {CODE} going?
What happened to flight {CODE}?

You cross {FEW} bridges on the way from {T} to {U}.
How many bridges are there between {T} and {U}?
What do I cross on the way from {T} to {U}?
On which way are there {FEW} bridges?
How often do I cross a bridge going from {T} to {U}?

A taxi from the station of {T} to {B} costs about {K} {MONEY}.
How much is a taxi to {B}?
What do I pay for a taxi from the station of {T}?
How can I get from the station to {B}?
Taxi price to {B}?

The road from {T} to {U} is so narrow that two buses cannot pass.
How narrow is the road from {T} to {U}?
Where can two buses not pass?
What is the problem of the road from {T} to {U}?
Can two buses pass on the road to {U}?

It takes {K} minutes to walk from the harbour of {T} to {B}.
How long is the walk from the harbour to {B}?
How far is {B} from the harbour on foot?
How many minutes do I walk to {B}?
From where does one walk {K} minutes to {B}?

Speed is limited to {K} kilometres an hour in the centre of {T}.
How fast may I drive in the centre of {T}?
What is the speed limit in {T}?
Where is speed limited to {K} kilometres an hour?
Speed limit in the centre of {T}?

The school in {T} teaches {LANG} from the third year on.
From which year is {LANG} taught in the school in {T}?
Which language does the school in {T} teach?
When do children in {T} start to learn {LANG}?
Where is {LANG} taught?

There are {FEW} pupils in each class of the {V} school.
How many pupils are in a class of the {V} school?
How big are the classes of the {V} school?
What is the class size at the {V} school?
Which school has {FEW} pupils in each class?

Pupils of the {V} school wear {COLOUR} shirts on {WEEKDAY}s.
What do pupils of the {V} school wear?
When do pupils of the {V} school wear {COLOUR} shirts?
What colour are the shirts of the {V} school?
Which shirts are worn at the {V} school?

The {S} exam lasts {FEW} hours and must be written by hand.
How long is the {S} exam?
How must the {S} exam be written?
How many hours does the {S} exam last?
Can I type the {S} exam?

Whoever fails the {S} exam may try once more in {MONTH}.
What happens if I fail the {S} exam?
When can I repeat the {S} exam?
How often may I try the {S} exam again?
In which month is the second {S} exam?

Lessons in {S} were given by {P} until she moved to {T}.
Who gave lessons in {S}?
What did {P} teach?
Where did {P} move?
Until when did {P} give lessons in {S}?

The course in {S} starts on {D} and costs {K} {MONEY}.
When does the course in {S} start?
How much is the course in {S}?
What does it cost to learn {S}?
On what day does the {S} course begin?
Price of the {S} course?

No one can join the {LANG} course without a test.
How can I join the {LANG} course?
What do I need for the {LANG} course?
Which course needs a test?
Do I need a test for the {LANG} course?

Books from the library of {T} may be kept for {FEW} weeks.
How long may I keep books from the library of {T}?
For how many weeks does the library of {T} lend books?
What may be kept for {FEW} weeks?
When must I bring back books to the library of {T}?

For each day that a book is late, the library of {T} asks {FEW} cents.
What does a late book cost at the library of {T}?
How much does the library of {T} ask for late books?
What happens if I bring a book back late in {T}?
What is the fine for a late book in {T}?

{P} teaches the youngest children, and {Q} the oldest ones.
Who teaches the youngest children?
Who teaches the oldest children?
Whom does {P} teach?
Which children are taught by {Q}?

Our teacher of {S}, {P}, once worked in a circus.
Who teaches {S}?
Where did {P} work before?
What subject does {P} teach?
Which teacher worked in a circus?

The school bus picks up the children of {T} at {H}.
When does the school bus come to {T}?
At what time are the children of {T} picked up?
Who is picked up at {H} in {T}?
What picks up the children of {T}?

Homework in {S} is given every {WEEKDAY} and must be handed in two days later.
When is homework in {S} given?
When must homework in {S} be handed in?
How much time do I have for {S} homework?
In which subject is there homework every {WEEKDAY}?

The {ANIMAL} eats mainly {PLANT} leaves and small insects.
What does the {ANIMAL} eat?
What is the food of the {ANIMAL}?
Which animal eats {PLANT} leaves?
What do {ANIMAL}s live on?

A {ANIMAL} can run {K} kilometres an hour, faster than any {ANIMAL2}.
How fast can a {ANIMAL} run?
Which is faster, the {ANIMAL} or the {ANIMAL2}?
What is the top speed of a {ANIMAL}?
Who runs faster than a {ANIMAL2}?

Unlike the {ANIMAL}, the {ANIMAL2} sleeps through the winter.
Which animal sleeps through the winter?
What does the {ANIMAL2} do in winter?
How does the {ANIMAL2} differ from the {ANIMAL}?
Does the {ANIMAL} sleep through the winter?

Female {ANIMAL}s lay {FEW} eggs in {MONTH}.
How many eggs does a {ANIMAL} lay?
When do {ANIMAL}s lay their eggs?
What do {ANIMAL}s lay in {MONTH}?
In which month does the {ANIMAL} lay eggs?

The {ANIMAL} uses its long {BODY} to catch fish.
How does the {ANIMAL} catch fish?
What does the {ANIMAL} do with its {BODY}?
What does the {ANIMAL} use to catch fish?
Why does the {ANIMAL} have a long {BODY}?

{ANIMAL}s live in groups of up to {K}.
How many {ANIMAL}s live together?
How large are groups of {ANIMAL}s?
How do {ANIMAL}s live?
Do {ANIMAL}s live alone?

A young {ANIMAL} stays with its mother for {FEW} months.
How long does a young {ANIMAL} stay with its mother?
With whom does a young {ANIMAL} stay?
When does a young {ANIMAL} leave its mother?
For how many months does the {ANIMAL} need its mother?

The {ANIMAL} is found only in {LAND}, where it is protected by law.
Where is the {ANIMAL} found?
In which country does the {ANIMAL} live?
What protects the {ANIMAL}?
Is the {ANIMAL} protected?
Where can I see a {ANIMAL}?

Hunting {ANIMAL}s has been forbidden in {LAND} since {Y}.
Since when is hunting {ANIMAL}s forbidden in {LAND}?
Where may {ANIMAL}s not be hunted?
What has been forbidden in {LAND} since {Y}?
Is it allowed to hunt {ANIMAL}s in {LAND}?

At night the {ANIMAL} hides in hollow trees to be safe from the {ANIMAL2}.
Where does the {ANIMAL} hide?
Why does the {ANIMAL} hide in hollow trees?
When does the {ANIMAL} hide?
From whom does the {ANIMAL} hide?
What is the enemy of the {ANIMAL}?

Adult {ANIMAL}s weigh around {K} kilos and live for {FEW} years.
How heavy are {ANIMAL}s?
How old do {ANIMAL}s get?
How much does an adult {ANIMAL} weigh?
How long does a {ANIMAL} live?
What is the weight of a {ANIMAL}?

The {ANIMAL} in the zoo of {T} is called {V} and likes {FOOD}.
What is the name of the {ANIMAL} in the zoo of {T}?
What does {V} like?
Who is {V}?
What does the {ANIMAL} of {T} like to eat?

Feeding the {ANIMAL}s is allowed only between {H} and {I}.
When may I feed the {ANIMAL}s?
What is allowed between {H} and {I}?
Can I feed the {ANIMAL}s?
At what time are visitors allowed to feed the {ANIMAL}s?

A {ANIMAL} escaped from the zoo of {T} and was caught in {U}.
What escaped from the zoo of {T}?
Where was the {ANIMAL} caught?
From where did the {ANIMAL} escape?
Which animal ran away from {T}?

There are no {ANIMAL}s in {LAND} because the winters are too cold.
Why are there no {ANIMAL}s in {LAND}?
Where are there no {ANIMAL}s?
Which animal does not live in {LAND}?
Are there {ANIMAL}s in {LAND}?

The skin of the {ANIMAL} changes from {COLOUR} to {SHADE} in spring.
When does the skin of the {ANIMAL} change?
What colour is the {ANIMAL} in spring?
How does the {ANIMAL} change in spring?
What happens to the skin of the {ANIMAL}?

{P} keeps {FEW} {ANIMAL}s behind {HER} house in {T}.
How many {ANIMAL}s does {P} have?
What does {P} keep behind {HER} house?
Where does {P} keep the {ANIMAL}s?
Who keeps {ANIMAL}s?

The bite of the {ANIMAL} is painful but not dangerous to people.
Is the bite of the {ANIMAL} dangerous?
How is the bite of the {ANIMAL}?
What is painful but not dangerous?
What happens if a {ANIMAL} bites me?

Scientists in {LAND} counted only {K} {ANIMAL}s last year.
How many {ANIMAL}s were counted in {LAND}?
Who counted the {ANIMAL}s?
When were the {ANIMAL}s counted?
How many {ANIMAL}s are left in {LAND}?

{ANIMAL}s find their way home by smell.
How do {ANIMAL}s find their way home?
What do {ANIMAL}s do by smell?
Which animals find their way by smell?
What helps the {ANIMAL} to get home?

The {PLANT} flowers in {MONTH} and needs a lot of sun.
When does the {PLANT} flower?
What does the {PLANT} need?
In which month does the {PLANT} bloom?
Does the {PLANT} need sun?

Water the {PLANT} once a week, but never in the midday heat.
How often should I water the {PLANT}?
When should I not water the {PLANT}?
How much water does the {PLANT} need?
When must the {PLANT} never be watered?

The berries of the {PLANT} are poisonous for {PET}s.
For whom are the berries of the {PLANT} poisonous?
Are the berries of the {PLANT} poisonous?
Which part of the {PLANT} is dangerous for {PET}s?
What should {PET}s not eat?

{PLANT} wood is hard enough to build {N}s from.
What can be built from {PLANT} wood?
How hard is {PLANT} wood?
What is {PLANT} wood good for?
From which wood are {N}s built?

In {LAND}, tea made from {PLANT} leaves is drunk against {ILL}.
What is tea from {PLANT} leaves good for?
Against what do people in {LAND} drink {PLANT} tea?
What do people in {LAND} drink against {ILL}?
Where is {PLANT} tea drunk?

Plant the {PLANT} in {MONTH}, about {K} centimetres deep.
When should I plant the {PLANT}?
How deep must the {PLANT} be planted?
In which month is the {PLANT} planted?
How do I plant the {PLANT}?

The oldest {PLANT} of {T} was planted by {P} in {Y}.
Who planted the oldest {PLANT} of {T}?
When was the oldest {PLANT} of {T} planted?
What did {P} plant?
Where does the {PLANT} of {P} stand?

If its leaves turn yellow, the {PLANT} has had too much water.
What does it mean if the leaves of the {PLANT} turn yellow?
Why are the leaves of my {PLANT} yellow?
What happens if the {PLANT} gets too much water?
When do the leaves of the {PLANT} turn yellow?

Farmers around {T} grow {CROP} on the hills and {CROP2} in the valley.
What do farmers around {T} grow?
Where is {CROP} grown around {T}?
What grows in the valley near {T}?
Where do farmers of {T} grow {CROP2}?

The harvest of {CROP} was poor in {Y} because it hardly rained.
Why was the harvest of {CROP} poor?
When was the harvest of {CROP} poor?
How was the {CROP} harvest in {Y}?
What was poor because it hardly rained?

{LAND} sells more {CROP} than any other country.
Which country sells the most {CROP}?
What does {LAND} sell?
Who sells more {CROP} than others?
Where does most {CROP} come from?

The capital of {LAND} used to be {T}.
What used to be the capital of {LAND}?
Of which country was {T} the capital?
What was the old capital of {LAND}?
Former capital of {LAND}?

{LAND} is {FEW} times as large as {LAND2}.
How large is {LAND} compared with {LAND2}?
Which country is {FEW} times as large as {LAND2}?
Which is larger, {LAND} or {LAND2}?
Is {LAND2} smaller than {LAND}?

In the north of {LAND} people speak {LANG}.
What do people speak in the north of {LAND}?
Where is {LANG} spoken?
Which language is spoken in northern {LAND}?
In which part of {LAND} do they speak {LANG}?

The {V} desert covers a third of {LAND}.
How much of {LAND} is desert?
Which desert lies in {LAND}?
What covers a third of {LAND}?
Where is the {V} desert?

Lake {V}, the deepest in {LAND}, is fed by three rivers.
Which is the deepest lake of {LAND}?
How many rivers feed Lake {V}?
Where is Lake {V}?
What feeds Lake {V}?

The island of {T} can be reached only by boat.
How can I reach the island of {T}?
What can be reached only by boat?
How do people get to the island of {T}?
Can I fly to the island of {T}?

There is a volcano near {T} that last broke out in {Y}.
When did the volcano near {T} break out?
What is near {T}?
Where is the volcano?
When was the last eruption near {T}?

{T} got its name from a {N} that once stood there.
Where does the name of {T} come from?
Why is {T} called {T}?
What once stood in {T}?
How did {T} get its name?

The border between {LAND} and {LAND2} follows the river {V}.
What does the border between {LAND} and {LAND2} follow?
Which river separates {LAND} from {LAND2}?
Where is the river {V}?
What is the river {V}?

{T} is the only town in {LAND} with more than one castle.
Which town in {LAND} has more than one castle?
What is special about {T}?
In which country is {T}?
How many castles does {T} have?

Lying {K} metres below sea level, {T} is protected by high dams.
How does {T} protect itself from the sea?
How far below sea level is {T}?
What protects {T}?
Why does {T} need dams?

In {MONTH} there is a lot of {SKY} in {T}.
When is there a lot of {SKY} in {T}?
What is the weather like in {T} in {MONTH}?
In which month does {T} have {SKY}?
What do people of {T} get in {MONTH}?

{SKY} is expected in {T} on {WEEKDAY}, with temperatures around {FEW} degrees.
What is the weather in {T} on {WEEKDAY}?
How warm will it be in {T} on {WEEKDAY}?
When is {SKY} expected in {T}?
What weather is expected in {T}?
Temperature in {T} on {WEEKDAY}?

The coldest night of {Y} was measured in {T}.
Where was the coldest night of {Y}?
What was measured in {T}?
When was the coldest night in {T}?
Which town had the coldest night in {Y}?

Roads around {T} were closed for {FEW} days because of {SKY}.
Why were roads around {T} closed?
How long were roads around {T} closed?
Where were roads closed because of {SKY}?
What did the {SKY} do to roads around {T}?

When {SKY} and {SKY2} come together, the people of {T} stay at home.
When do the people of {T} stay at home?
What do the people of {T} do when {SKY} and {SKY2} come together?
Who stays at home when there is {SKY}?
Why do the people of {T} stay at home?

It has not rained in {T} for {K} days.
How long has it not rained in {T}?
Where has it not rained?
When did it last rain in {T}?
For how many days has {T} been without rain?

The hospital of {T} has {K} beds and {FEW} operating rooms.
How many beds does the hospital of {T} have?
How many operating rooms are in the hospital of {T}?
How big is the hospital of {T}?
What does the hospital of {T} have?

Patients of {P} are asked to come {FEW} minutes early.
How early should patients of {P} come?
When should I come to {P}?
Who is asked to come early?
What are patients of {P} asked to do?

Visiting hours on ward {FEW} are from {H} to {I}.
When are visiting hours on ward {FEW}?
When can I visit somebody on ward {FEW}?
Until when may visitors stay on ward {FEW}?
Which ward can be visited from {H}?

Before an operation on the {BODY}, nothing may be eaten for {FEW} hours.
How long may I not eat before an operation on the {BODY}?
What is forbidden before an operation on the {BODY}?
Can I eat before my {BODY} operation?
Before which operation may nothing be eaten?

Take the {COLOUR} pills against {ILL} after meals, never on an empty stomach.
When do I take the {COLOUR} pills?
What are the {COLOUR} pills for?
Which pills help against {ILL}?
How should I not take the {COLOUR} pills?

{ILL} usually begins with pain in the {BODY}.
How does {ILL} begin?
Where does it hurt when {ILL} begins?
What is the first sign of {ILL}?
What begins with pain in the {BODY}?

Against {ILL}, doctors recommend rest and plenty of {DRINK}.
What do doctors recommend against {ILL}?
What helps against {ILL}?
What should I drink if I have {ILL}?
How is {ILL} treated?

{ILL} is caused by a lack of iron and not by cold weather.
What causes {ILL}?
Is {ILL} caused by cold weather?
Why do people get {ILL}?
Where does {ILL} come from?

Children in {LAND} get their first shot against {ILL} at the age of two.
When do children in {LAND} get a shot against {ILL}?
How old are children at the first shot against {ILL}?
What do children in {LAND} get at the age of two?
Against what do children in {LAND} get a shot?

If the pain in your {BODY} does not stop, call {CODE}.
What should I do if the pain in my {BODY} does not stop?
Which number do I call about pain in my {BODY}?
When should I call {CODE}?
My {BODY} hurts and it does not stop, whom do I call?

Dr. {V}, who treats {ILL}, is away until {D}.
Until when is Dr. {V} away?
What does Dr. {V} treat?
Which doctor treats {ILL}?
When is Dr. {V} back?

The pharmacy next to {B} is open all night.
When is the pharmacy next to {B} open?
Where is the pharmacy that is open all night?
Which pharmacy does not close at night?
What is next to {B}?

A broken {BODY} needs about {FEW} weeks to heal.
How long does a broken {BODY} need to heal?
What needs {FEW} weeks to heal?
When is a broken {BODY} well again?
How many weeks does it take until my {BODY} heals?

Nurse {V} gives out the pills at {H} and again at {I}.
When are the pills given out?
Who gives out the pills?
What does Nurse {V} do?
How often does Nurse {V} give out pills?

To keep your {BODY} warm, wrap it in a woollen scarf.
How do I keep my {BODY} warm?
What should I wrap around my {BODY}?
What is the scarf for?
What helps to keep the {BODY} warm?

Blood for the patient {P} was given by {HER} {KIN}.
Who gave blood for {P}?
What did the {KIN} of {P} give?
Who is the patient?
For whom did the {KIN} give blood?

{P}, born in {T} in {Y}, worked as a {JOB} before becoming a {JOB2}.
Where was {P} born?
When was {P} born?
What was {P} before becoming a {JOB2}?
In which year was {P} born?
When is the birthday of {P}?
Which jobs did {P} have?

At the age of {K}, {P} learned to play the {MUSIC}.
What did {P} learn to play?
How old was {P} when {P} learned the {MUSIC}?
Who learned to play the {MUSIC}?
At what age did {P} learn an instrument?
Which instrument does {P} play?

{P} married {Q} in {T} two years after they had met.
Whom did {P} marry?
Where did {P} and {Q} marry?
How long after they met did {P} and {Q} marry?
Who is married to {Q}?
Where was the wedding of {P}?

When {P} died in {Y}, {HER} house became a museum.
When did {P} die?
What became of the house of {P}?
Why is the house of {P} a museum?
What happened in {Y}?
In which year did {P} die?

Neither {P} nor {Q} had ever been to {LAND}.
Who had never been to {LAND}?
Had {P} ever been to {LAND}?
Where had {P} and {Q} never been?
Which country did {Q} not know?

{P} spoke {LANG} with {HER} mother and {LANG2} with {HER} father.
What language did {P} speak with {HER} mother?
What language did {P} speak with {HER} father?
With whom did {P} speak {LANG2}?
Who spoke {LANG} with {HER} mother?
Which languages did {P} speak at home?

As a young {JOB}, {P} spent {FEW} years in {LAND}.
How long was {P} in {LAND}?
Where did {P} spend {FEW} years?
What was {P} as a young person?
Which country did {P} live in?
What did {P} do in {LAND}?

{P} never learned to swim, although {SHE} lived by the sea.
What did {P} never learn?
Could {P} swim?
Where did {P} live?
Who never learned to swim?

Thanks to a letter from {Q}, {P} got a job at {C}.
How did {P} get the job at {C}?
Who wrote a letter for {P}?
Where did {P} get a job?
Who got a job at {C}?
What helped {P} to get a job?

{P} gave all {HER} money to {B}.
To whom did {P} give {HER} money?
What did {P} give to {B}?
Who gave all the money to {B}?
What did {P} do with {HER} money?

In {Y} {P} was elected {R} of {T} with {K} votes more than {Q}.
When was {P} elected?
What was {P} elected?
Who was elected {R} of {T}?
By how many votes did {P} beat {Q}?
Who lost the election against {P}?

{P} is best remembered for a map of {LAND}, drawn in {Y}.
What is {P} remembered for?
When was the map of {LAND} drawn?
Who drew a map of {LAND}?
Of which country did {P} draw a map?
What did {P} draw?

{P} walked from {T} to {U} in {FEW} days.
How long did {P} walk?
From where did {P} walk to {U}?
Where did {P} walk?
Who walked from {T} to {U}?
How did {P} get to {U}?

The {METAL} in the mountains near {T} was discovered by a {JOB} named {P}.
Who discovered the {METAL} near {T}?
What was discovered near {T}?
Where was the {METAL} discovered?
What was the job of {P}?
What did {P} discover?

{METAL} melts at {K} degrees, {METAL2} at {L} degrees.
At what temperature does {METAL} melt?
When does {METAL2} melt?
How hot must it be to melt {METAL}?
What is the melting point of {METAL2}?
Which melts at {K} degrees?

{METAL} is lighter than {METAL2} and does not rust.
Which is lighter, {METAL} or {METAL2}?
Does {METAL} rust?
What is lighter than {METAL2}?
How does {METAL} differ from {METAL2}?

A wire made of {METAL} carries electricity better than one of {J}.
What carries electricity better than {J}?
What is a wire of {METAL} good at?
Which wire is better for electricity?
How does {METAL} compare with {J}?

Light from the star {V} needs {K} years to reach us.
How long does light from {V} need to reach us?
How far away is the star {V}?
From where does light need {K} years?
What is {V}?

The planet {V} has {FEW} moons, all of them covered with ice.
How many moons does {V} have?
With what are the moons of {V} covered?
What is {V}?
Which planet has {FEW} moons?
What are the moons of {V} like?

Water boils sooner in {T} than by the sea because the town lies so high.
Why does water boil sooner in {T}?
Where does water boil sooner?
What happens to water in {T}?
Does {T} lie high?

Without {V} in the blood, the {BODY} cannot grow.
What happens without {V} in the blood?
What does the {BODY} need to grow?
Which part of the body cannot grow without {V}?
What is {V} needed for?

The {BODY} of an adult weighs about {K} grams.
How heavy is the {BODY} of an adult?
How much does the {BODY} weigh?
What is the weight of the {BODY}?
Which part of an adult weighs {K} grams?

Sound travels faster through {J} than through air.
Through what does sound travel faster?
What is faster in {J} than in air?
How does sound travel through {J}?
Is sound faster in {J} or in air?

The experiment by {P} showed that {PLANT}s grow faster in {COLOUR} light.
What did the experiment by {P} show?
In what light do {PLANT}s grow faster?
Who made the experiment with {PLANT}s?
How can {PLANT}s grow faster?

{P} measured the temperature of the lake every day for {K} years.
What did {P} measure?
How long did {P} measure the temperature?
How often did {P} measure the lake?
Who measured the temperature of the lake?

The {TOOL} was invented in {LAND} more than {K} years ago.
Where was the {TOOL} invented?
When was the {TOOL} invented?
How old is the {TOOL}?
What was invented in {LAND}?
Which country invented the {TOOL}?

Hold the {TOOL} with both hands and keep your {BODY} away from it.
How do I hold the {TOOL}?
What should I keep away from the {TOOL}?
With how many hands do I hold the {TOOL}?
How do I use the {TOOL} safely?

A {TOOL} can be borrowed from {P} for {FEW} {MONEY} a day.
From whom can I borrow a {TOOL}?
What does it cost to borrow a {TOOL}?
How much is a {TOOL} per day?
Where do I get a {TOOL}?
Who lends out a {TOOL}?

{P} repaired the {SEAT} with a {TOOL} and some glue.
How did {P} repair the {SEAT}?
What did {P} repair?
Who repaired the {SEAT}?
What did {P} use for the {SEAT}?
With which tool was the {SEAT} repaired?

Put the {SEAT} next to the {SEAT2}, where there is more light.
Where should I put the {SEAT}?
Why should the {SEAT} stand next to the {SEAT2}?
What should stand next to the {SEAT2}?
Where is there more light?

The {SEAT} in the {ROOM} is made of {J} and has {FEW} legs.
What is the {SEAT} in the {ROOM} made of?
How many legs does the {SEAT} have?
Where is the {SEAT} of {J}?
Which material is the {SEAT} made from?

There is a {SEAT} for guests in the {ROOM}.
Where is the {SEAT} for guests?
What is there for guests in the {ROOM}?
For whom is the {SEAT} in the {ROOM}?
Where can guests sit or sleep?

The {ROOM} has no windows, which is why {P} never works there.
Why does {P} never work in the {ROOM}?
Which room has no windows?
Who never works in the {ROOM}?
Where does {P} never work?
What does the {ROOM} not have?

The key of the {ROOM} hangs behind the {SEAT}.
Where is the key of the {ROOM}?
What hangs behind the {SEAT}?
Which key hangs behind the {SEAT}?
Where do I find the key for the {ROOM}?

Whoever leaves the {ROOM} last turns off the heating.
Who turns off the heating in the {ROOM}?
What must the last one in the {ROOM} do?
When is the heating of the {ROOM} turned off?
Which room has a heating that must be turned off?

The floor of the {ROOM} was covered with {COLOUR} tiles in {Y}.
With what was the floor of the {ROOM} covered?
When was the floor of the {ROOM} covered?
What colour are the tiles in the {ROOM}?
Which room got {COLOUR} tiles?

Please do not hang anything on the walls of the {ROOM}.
What must I not do in the {ROOM}?
May I hang pictures in the {ROOM}?
Where must nothing hang on the walls?
What is the rule for the walls of the {ROOM}?

Tenants pay {K} {MONEY} a month for the {ROOM}, water included.
How much is the rent of the {ROOM}?
What do tenants pay for the {ROOM}?
Is water part of the rent of the {ROOM}?
What is included in the rent of the {ROOM}?
Rent of the {ROOM}?

Rubbish is put out on {WEEKDAY} evenings, never earlier.
When do I put out the rubbish?
On which evening is rubbish put out?
What is put out on {WEEKDAY} evenings?
Can I put out the rubbish earlier?

Washing machines in the {ROOM} may not be used after {H}.
Until when may I use the washing machines in the {ROOM}?
Where are the washing machines?
When are the washing machines not to be used?
What may not be used after {H}?

Guests may stay in {B} for no longer than {FEW} nights.
How long may guests stay in {B}?
For how many nights can I sleep in {B}?
Who may stay in {B}?
Longest stay in {B}?

Breakfast in {B} is served from {H} and costs {FEW} {MONEY} extra.
When is breakfast served in {B}?
How much is breakfast in {B}?
What does breakfast in {B} cost?
From what time can I have breakfast in {B}?
Is breakfast included in {B}?

{B} has a room for families with a view of the {V} river.
Who can sleep with a view of the {V} river?
What does {B} have for families?
What can be seen from the family room of {B}?
Where is there a room with a view of the {V} river?

The heating of {B} runs on wood, the kitchen on gas.
On what does the heating of {B} run?
What does the kitchen of {B} use?
What runs on gas in {B}?
How is {B} heated?

If the alarm rings, leave {B} by the {COLOUR} door and wait in the yard.
What should I do if the alarm rings in {B}?
By which door do I leave {B} when there is an alarm?
Where do I wait after the alarm?
Where is the meeting point of {B} in an emergency?

The fire in {B} was noticed by {P} and put out within {FEW} minutes.
Who noticed the fire in {B}?
How long did the fire in {B} burn?
How fast was the fire in {B} put out?
Where was the fire?
What did {P} notice?

During the flood of {Y}, the people of {T} fled to {B}.
Where did the people of {T} flee?
When was the flood of {T}?
Who fled to {B}?
Why did people flee to {B}?

The war between {T} and {U} lasted {K} years and nobody won it.
How long did the war between {T} and {U} last?
Who won the war between {T} and {U}?
Which towns were at war?
For how many years did {T} fight {U}?

The treaty of {T}, signed in {Y}, ended the war over {METAL}.
When was the treaty of {T} signed?
What did the treaty of {T} end?
Which treaty ended the war over {METAL}?
Where was the treaty signed?

{P} ruled {LAND} for {K} years until {HER} brother took the crown.
How long did {P} rule {LAND}?
Who ruled {LAND}?
Who took the crown from {P}?
Which country did {P} rule?
Until when did {P} rule?

In old {LAND}, {FOOD} was used as money.
What was used as money in old {LAND}?
Where was {FOOD} used as money?
How did people pay in old {LAND}?
What was the use of {FOOD} in old {LAND}?

The first letter from {LAND} reached {T} in {Y}, after {FEW} months at sea.
When did the first letter from {LAND} reach {T}?
How long was the letter from {LAND} at sea?
Where did the first letter from {LAND} arrive?
From where came the letter that reached {T}?

Women in {LAND} have been allowed to vote since {Y}.
Since when may women in {LAND} vote?
What have women in {LAND} been allowed to do since {Y}?
When did women in {LAND} get the vote?
Where may women vote since {Y}?

Archaeologists found a {N} of {METAL} under the market of {T}.
What did archaeologists find in {T}?
Where was the {N} of {METAL} found?
Who found the {N} under the market of {T}?
What is the {N} from the market of {T} made of?

The oldest map of {T} hangs in {B} and shows only {FEW} streets.
Where is the oldest map of {T}?
How many streets does the oldest map of {T} show?
What hangs in {B}?
What does the oldest map of {T} show?

The ship {V} sank off the coast of {LAND} with {K} people on board.
Where did the {V} sink?
How many people were on board the {V}?
Which ship sank off {LAND}?
What happened to the ship {V}?
What was the {V}?

For its hundredth birthday, {T} built a {N} out of {J}.
What did {T} build for its birthday?
Of what is the {N} of {T} made?
Why did {T} build a {N}?
Which birthday did {T} celebrate?

A statue of {P} stands in front of {B}, with a {ANIMAL} at {HER} feet.
Where is the statue of {P}?
What lies at the feet of {P}?
Whose statue stands in front of {B}?
Which animal is part of the statue of {P}?
What stands in front of {B}?

The song "{V}" was written by {P} on a train to {T}.
Who wrote the song "{V}"?
Where was "{V}" written?
What was written on a train to {T}?
Which song did {P} write?

The concert of {P} in {B} was sold out within {FEW} hours.
How fast was the concert of {P} sold out?
Where was the concert of {P}?
Whose concert was sold out?
What was sold out in {B}?

Tickets for {W} are available from {MAIL} or at the door.
Where can I get tickets for {W}?
How do I buy tickets for {W}?
What can I get at the door?
Whom do I write to for tickets to {W}?

In the film {W}, {P} plays a {JOB} who is afraid of {ANIMAL}s.
Whom does {P} play in {W}?
Who plays the {JOB} in {W}?
What is the {JOB} in {W} afraid of?
In which film does {P} play a {JOB}?
What role does {P} have in {W}?

{W}, translated into {FEW} languages, was first rejected by every publisher.
Into how many languages was {W} translated?
Who rejected {W}?
Which book did publishers reject at first?
What happened to {W} at first?

{W} was shown in {B} for the first time on {D}.
When was {W} shown for the first time?
Where was {W} first shown?
What was shown in {B}?
Date of the first show of {W}?

The choir of {T} needs {FEW} more men who can sing low.
Whom does the choir of {T} need?
How many men does the choir of {T} need?
What must new men in the choir of {T} be able to do?
Who is looking for men that sing low?

The {MUSIC} is played with two sticks, the {MUSIC2} with a bow.
How is the {MUSIC} played?
What is played with a bow?
How do I play the {MUSIC2}?
With what is the {MUSIC} played?
Which instrument needs sticks?

A good {MUSIC} costs at least {K} {MONEY} because it is made by hand.
How much is a good {MUSIC}?
Why does a good {MUSIC} cost so much?
How is a good {MUSIC} made?
What does a {MUSIC} cost?
Price of a good {MUSIC}?

{M} must be charged for {FEW} hours before you use it for the first time.
How long must {M} be charged at first?
What must I do before I use {M} for the first time?
For how many hours do I charge {M}?
When must {M} be charged for {FEW} hours?

If {M} does not start, check whether the {N} is dry.
What should I do if {M} does not start?
What must be dry for {M} to start?
Why does {M} not start?
{M} does not start, what now?
What should I check on {M}?

The red light on {M} means that the {N} is empty.
What does the red light on {M} mean?
When is the light on {M} red?
How do I see that the {N} of {M} is empty?
Why is there a red light on {M}?

Always unplug {M} before you clean the {N}.
What must I do before I clean the {N} of {M}?
When should I unplug {M}?
How do I clean the {N} of {M} safely?
What should always be done before cleaning {M}?

{M} is sold without batteries.
Are there batteries in {M}?
How is {M} sold?
What is not sold together with {M}?
Do I need to buy batteries for {M}?

The handle of {M} is made of {J} so that it stays cool.
What is the handle of {M} made of?
Why is the handle of {M} made of {J}?
Which part of {M} stays cool?
Which material has the handle of {M}?

Compared with the old model, {M} uses {K} percent less power.
How much less power does {M} use?
How does {M} compare with the old model?
What is better about {M}?
By how many percent does {M} save power?

{M} was recalled in {Y} after its {N} had caught fire.
Why was {M} recalled?
When was {M} recalled?
What happened to the {N} of {M}?
What caught fire in {M}?
What did the maker do with {M} in {Y}?

Spare parts for {M} can be ordered from {C} for another {FEW} years.
Where can I order parts for {M}?
How long can I still get parts for {M}?
Who sells spare parts for {M}?
For how many years are there parts for {M}?

{P} and {HER} team needed {FEW} years to build {M}.
How long did it take to build {M}?
Who built {M}?
What did the team of {P} build?
How many years did {P} work on {M}?

Neither rain nor dust can harm {M}.
What cannot harm {M}?
Can I use {M} in the rain?
Does dust harm {M}?
Is {M} safe from water?

To turn {M} off, press the {COLOUR} button twice.
How do I turn {M} off?
How do I switch off {M}?
How often must I press the button to turn {M} off?
What colour is the off button of {M}?
What happens if I press the {COLOUR} button of {M} twice?

The manual of {M} is available in {LANG} and {LANG2}.
In which languages is the manual of {M}?
Is there a {LANG} manual for {M}?
What is available in {LANG2}?
Languages of the {M} manual?

Do not put {M} near a heater, or the {J} will crack.
Where should I not put {M}?
What happens if {M} stands near a heater?
Which part of {M} may crack?
Why must {M} not stand near a heater?

{M} measures the temperature of the {ROOM} every {FEW} minutes.
How often does {M} measure the temperature?
What does {M} measure?
Where does {M} measure the temperature?
What is {M} for?

With its {FEW} wheels, {M} climbs stairs easily.
How many wheels does {M} have?
Can {M} climb stairs?
How does {M} get up the stairs?
What does {M} climb?

{C} rents out {CAR}s for {K} {MONEY} a day, fuel not included.
What does {C} rent out?
How much is a {CAR} from {C} per day?
Is fuel included when I rent from {C}?
What does it cost to rent a {CAR} from {C}?
Where can I rent a {CAR}?

The {COLOUR} {CAR} in front of {B} belongs to {P}.
Whose {CAR} stands in front of {B}?
Where is the {CAR} of {P}?
What colour is the {CAR} of {P}?
Who owns the {CAR} in front of {B}?
What does {P} own?

{P} traded {HER} {CAR} for a {SEAT} and {FEW} {ANIMAL}s.
What did {P} trade for a {SEAT}?
What did {P} get for the {CAR}?
Who traded a {CAR}?
How many {ANIMAL}s did {P} get for the {CAR}?

The {CAR} needs {FEW} litres of fuel per hour, twice as much as a {CAR2}.
How much fuel does the {CAR} need?
Which needs more fuel, the {CAR} or the {CAR2}?
How many litres does the {CAR} use per hour?
What needs half as much fuel as the {CAR}?

Anybody over {FEW} may drive the {CAR} of the club.
Who may drive the {CAR} of the club?
How old must I be to drive the {CAR}?
What may people over {FEW} drive?
From what age can I drive the club's {CAR}?

{P} reached the top of Mount {V} together with {Q} in {MONTH}.
Who reached the top of Mount {V}?
With whom did {P} reach the top of Mount {V}?
When did {P} stand on Mount {V}?
Which mountain did {P} and {Q} climb?

On the third day of the trip we crossed the {V} river by {CAR}.
When did we cross the {V} river?
How did we cross the {V} river?
What did we do on the third day of the trip?
Which river was crossed by {CAR}?

From the hill above {T} you see {B} on the left and the sea on the right.
What do I see from the hill above {T}?
Where is {B} when I look from the hill?
What is on the right of the hill above {T}?
From where can one see {B}?

The tour to {T} costs {K} {MONEY} per person and includes lunch.
How much is the tour to {T}?
What does the tour to {T} include?
Is lunch part of the tour to {T}?
What do I pay per person for {T}?
Price of the tour to {T}?

Warm clothes are needed for the trip to {T}, even in {MONTH}.
What do I need for the trip to {T}?
Do I need warm clothes in {T}?
For which trip are warm clothes needed?
What should I wear on the trip to {T}?

Travellers to {LAND} need a visa, which takes {FEW} days to get.
What do travellers to {LAND} need?
How long does it take to get a visa for {LAND}?
Do I need a visa for {LAND}?
For which country is a visa needed?

In {LAND}, shops are closed on {WEEKDAY} afternoons.
When are shops closed in {LAND}?
Where are shops closed on {WEEKDAY} afternoons?
Can I go shopping in {LAND} on {WEEKDAY} afternoon?
What is closed in {LAND} on {WEEKDAY}?

People in {LAND} greet each other by touching the {BODY}.
How do people in {LAND} greet each other?
What do people in {LAND} touch?
Where do people greet by touching the {BODY}?
How should I greet somebody in {LAND}?

It is rude in {LAND} to point at somebody with the {BODY}.
What is rude in {LAND}?
Where is it rude to point with the {BODY}?
What should I not do in {LAND}?
With what must I not point in {LAND}?

The national dish of {LAND} is {DISH} with {FOOD}.
What is the national dish of {LAND}?
What do people eat in {LAND}?
Which country has {DISH} as its national dish?
With what is {DISH} eaten in {LAND}?

The flag of {LAND} shows a {ANIMAL} on {COLOUR} ground.
What does the flag of {LAND} show?
Which animal is on the flag of {LAND}?
What colour is the flag of {LAND}?
Which flag has a {ANIMAL}?

The money of {LAND} is called {V} and has a hole in the middle.
What is the money of {LAND} called?
What is special about the coins of {LAND}?
Where do people pay with {V}?
Name of the money in {LAND}?

Some {K} thousand people speak {LANG} as their first language in {LAND}.
How many people speak {LANG} in {LAND}?
Where do people speak {LANG}?
Which language is spoken in {LAND}?
How many speakers does {LANG} have in {LAND}?

{LANG} has {FEW} cases and no word for "{N}".
How many cases does {LANG} have?
Which word is missing in {LANG}?
Which language has {FEW} cases?
For what does {LANG} have no word?

{LANG} is easier to learn than {LANG2}, because it has fewer rules.
Which language is easier to learn?
Why is {LANG} easier than {LANG2}?
What has fewer rules than {LANG2}?
Is {LANG2} harder than {LANG}?

The report on {S} by {P} has to be finished by {D}.
When must the report on {S} be finished?
Who writes the report on {S}?
What is {P} writing?
Deadline of the report on {S}?
Until when does {P} have time for the report?

{P} promised to bring {FEW} {N}s to the party.
What did {P} promise?
How many {N}s will {P} bring?
Who brings {N}s to the party?
Where will {P} bring the {N}s?

The party for {P} is in the {ROOM}, not in the garden.
Where is the party for {P}?
For whom is the party?
Is the party for {P} in the garden?
What takes place in the {ROOM}?

Instead of flowers, {P} would like {FOOD} for {HER} birthday.
What would {P} like for {HER} birthday?
What does {P} not want for {HER} birthday?
Who would like {FOOD}?
What should I bring to {P}'s birthday?

{P} apologised to {Q} for having sold the {N}.
Why did {P} apologise?
To whom did {P} apologise?
Who sold the {N}?
Who apologised to {Q}?
What had {P} sold?

{P} hid the {N} under the {SEAT} so that {Q} would not find it.
Where did {P} hide the {N}?
Why did {P} hide the {N}?
Who hid the {N}?
From whom was the {N} hidden?
What is under the {SEAT}?

Nobody knew that the {N} in the {ROOM} had been made by {P}.
Who made the {N} in the {ROOM}?
Where was the {N} made by {P}?
What had {P} made?
Who knew that {P} had made the {N}?

{P} counted {K} {ANIMAL}s from the window of the {ROOM}.
How many {ANIMAL}s did {P} count?
From where did {P} count the {ANIMAL}s?
What did {P} count?
Who counted {ANIMAL}s?

It was {P}, not {Q}, who broke the {SEAT}.
Who broke the {SEAT}?
What did {P} break?
Did {Q} break the {SEAT}?
Whose fault is the broken {SEAT}?

{P} sends {HER} {KIN} a {N} every {MONTH}.
What does {P} send?
When does {P} send the {N}?
To whom does {P} send a {N}?
Who sends a {N} every {MONTH}?
How often does {P} send a {N}?

While {P} was asleep, the {PET} ate the {DISH}.
What did the {PET} eat?
When did the {PET} eat the {DISH}?
Who ate the {DISH}?
What happened while {P} was asleep?
Who was asleep?

{P} dreams of opening a {DISH} restaurant in {LAND}.
What does {P} dream of?
Where does {P} want to open a restaurant?
Who wants to open a {DISH} restaurant?
What kind of restaurant does {P} want?

Every evening {P} walks the {PET} of {Q} around {B}.
Whose {PET} does {P} walk?
Where does {P} walk the {PET}?
When does {P} walk the {PET}?
Who walks the {PET} of {Q}?

The vet told {P} to give the {PET} less {FOOD}.
What did the vet tell {P}?
Who should give the {PET} less {FOOD}?
What should the {PET} eat less of?
Who spoke to {P} about the {PET}?

{P} lent {Q} {K} {MONEY}, which {SHE} never got back.
How much did {P} lend {Q}?
Who lent {Q} money?
Did {P} get the money back?
To whom did {P} lend money?
What happened to the money of {P}?

{P} works {FEW} hours a week as a {JOB} and studies {S} in the evening.
How many hours does {P} work?
What does {P} study?
When does {P} study {S}?
What is the job of {P}?
Who studies {S} in the evening?

At {C}, {P} repairs {N}s while {Q} paints them.
Who repairs the {N}s at {C}?
Who paints the {N}s?
What does {P} do at {C}?
What does {Q} do at {C}?
Where does {P} work?

The winner of the {DISH} contest gets a {N} of {METAL}.
What does the winner of the {DISH} contest get?
What can I win in the {DISH} contest?
Prize of the {DISH} contest?
Of what is the prize of the {DISH} contest made?

More than {K} people signed the letter against the new {B}.
How many people signed the letter?
Against what was the letter?
What did more than {K} people sign?
Who is against the new {B}?

The city of {T} will plant {K} {PLANT}s along the river by {Y}.
How many {PLANT}s will {T} plant?
Where will the {PLANT}s of {T} be planted?
What will {T} plant along the river?
Until when does {T} want to plant the trees?

Dogs in {T} have to wear a {COLOUR} tag, which costs {FEW} {MONEY}.
What do dogs in {T} have to wear?
How much is the tag for dogs in {T}?
What colour is the tag for dogs in {T}?
Where must dogs wear a tag?

The water of {T} comes from a lake {K} kilometres away.
Where does the water of {T} come from?
How far away is the lake from which {T} gets its water?
What comes from a lake to {T}?
Which town gets its water from a lake?

{T} turns off its street lamps at {H} to save money.
When does {T} turn off its street lamps?
Why does {T} turn off its lamps?
What does {T} do to save money?
Which town turns off its lamps?

Whoever finds the {PET} of {P} will get {K} {MONEY}.
What do I get for finding the {PET} of {P}?
How much does the finder of the {PET} get?
Whose {PET} is lost?
Who will get {K} {MONEY}?

The museum shop of {T} sells copies of the {N} for {FEW} {MONEY} each.
What does the museum shop of {T} sell?
How much is a copy of the {N}?
Where can I buy a copy of the {N}?
What do copies of the {N} cost?

Lost things are kept in the {ROOM} of {B} for {FEW} weeks.
Where are lost things kept in {B}?
How long are lost things kept in {B}?
I lost my bag in {B}, where is it?
What is kept in the {ROOM} of {B}?

The doors of the {CAR} open only when the {COLOUR} lamp is on.
When do the doors of the {CAR} open?
What must be on before the doors of the {CAR} open?
What colour is the lamp of the {CAR} doors?
Why do the doors of the {CAR} not open?

{FEW} of the {K} {N}s in the {ROOM} were broken when {P} arrived.
How many {N}s were broken?
Where were the broken {N}s?
What did {P} find broken?
How many {N}s were there in the {ROOM}?
Who arrived and found broken {N}s?

{P} chose {COLOUR} for the {ROOM}, although {Q} wanted {SHADE}.
What colour did {P} choose for the {ROOM}?
Which colour did {Q} want?
Who chose {COLOUR}?
For which room did {P} choose {COLOUR}?
Who wanted {SHADE}?
"""


FRAMES = BLOCKS.strip().split("\n\n")
NAMED = {*"PTBCMWE", "APP"}
"""Slots that hold the name of somebody or something; the passage's subject may stand there."""
NO_VALUES: Mapping[str, str] = MappingProxyType({})


@cache
def slots(text: str) -> tuple[str, ...]:
    """The names of the slots, in the order of their first use."""
    names = (name for _, name, _, _ in Formatter().parse(text) if name)
    return tuple(dict.fromkeys("SHE" if name in ("HER", "HIM") else name for name in names))


def drawn(
    names: Iterable[str], w: Words, subject: str = "", like: Mapping[str, str] = NO_VALUES
) -> tuple[dict[str, str], str]:
    """A value for each slot, no two the same, and what it is all about: the first name, else the
    first value. About half of the values are those of `like`."""
    values: dict[str, str] = {}
    about = ""
    for name in names:
        if not about and name in NAMED and subject:
            values[name] = subject
        elif name in like and w.chance(0.5):
            values[name] = like[name]
        while name not in values or list(values.values()).count(values[name]) > 1:
            values[name] = SLOTS[name.rstrip("2")](w)
        if not about and name in NAMED:
            about = values[name]
    if "SHE" in values:
        values["HER"], values["HIM"] = PRONOUNS[values["SHE"]]
    return values, about or next(iter(values.values()), "")


BEFORE_A_VOWEL = re.compile(r"\b([Aa]) (?=[aei]|o(?!ne\b))")


def told(line: str, values: dict[str, str]) -> str:
    """The line with its values, beginning with a capital, as `an` before a vowel."""
    text = BEFORE_A_VOWEL.sub(r"\1n ", line.format_map(values))
    return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Filled:
    """A sentence, its questions, and what they are about; the block and the values they are of."""

    sentence: str
    questions: list[str]
    about: str
    block: str
    values: Mapping[str, str]


def fill(block: str, w: Words, subject: str = "", like: Mapping[str, str] = NO_VALUES) -> Filled:
    sentence, *questions = block.splitlines()
    values, about = drawn(slots(sentence), w, subject, like)
    asked = [told(question, values) for question in questions]
    return Filled(told(sentence, values), asked, about, block, values)
