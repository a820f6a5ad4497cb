"""Sentences as people write them, each with questions as people ask them.

A block is a sentence and below it its questions; capitals in braces are slots (`SLOTS`). Questions
use other words than the sentence where people would: `costs` is asked for as `price` or `pay`.
"""

from collections.abc import Callable
from string import Formatter

from words import (
    ADJECTIVES,
    MATERIALS,
    NOUNS,
    ROLES,
    SUBJECTS,
    VERBS,
    Words,
)

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday morning evening night week month summer winter spring".split()
COLOURS = "red blue green white black yellow grey brown purple orange silver pink".split()

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
}  # fmt: skip

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
"""


FRAMES = BLOCKS.strip().split("\n\n")
NAMED = "PTBCMWE"
"""Slots that hold the name of somebody or something; the passage's subject may stand there."""


def fill(block: str, w: Words, subject: str = "") -> tuple[str, list[str], str]:
    """A sentence, its questions, and what they are about: the first name, else the first value."""
    values: dict[str, str] = {}
    about = ""
    for _, name, _, _ in Formatter().parse(block.splitlines()[0]):
        if not name or name in values:
            continue
        values[name] = SLOTS[name](w)
        if not about and name in NAMED:
            about = values[name] = subject or values[name]
    sentence, *questions = (line.format_map(values) for line in block.splitlines())
    about = about or next(iter(values.values()))
    return sentence[0].upper() + sentence[1:], [q[0].upper() + q[1:] for q in questions], about
