"""Small documents as people write them, each sentence with what it answers.

A block is a document. `# ` begins its heading, `- ` a question that the sentence above answers - and
no other sentence of the document -, `! ` a question that comes near and that the document does not
answer; every other line is a sentence. Sentences lean on those before them ("It", "She", "There"),
questions do not: they name who or what they are about. Slots are those of `frames` and have one
value in the whole document.
"""

from dataclasses import dataclass

from frames import drawn, slots, told
from words import Words


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the questions that it answers; none where it only leads on."""

    text: str
    questions: list[str]


@dataclass(frozen=True, slots=True)
class Document:
    """`about`: the name that the questions use."""

    heading: str
    about: str
    sentences: list[Sentence]
    unanswered: list[str]


@dataclass(frozen=True, slots=True)
class Template:
    """A block, parsed, with its slots still open."""

    heading: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...]
    unanswered: tuple[str, ...]
    slots: tuple[str, ...]


def parse(block: str) -> Template:
    heading = ""
    sentences: list[tuple[str, list[str]]] = []
    unanswered: list[str] = []
    for line in block.splitlines():
        match line[:2]:
            case "# ":
                heading = line[2:]
            case "- ":
                sentences[-1][1].append(line[2:])
            case "! ":
                unanswered.append(line[2:])
            case _:
                sentences.append((line, []))
    frozen = tuple((text, tuple(questions)) for text, questions in sentences)
    return Template(heading, frozen, tuple(unanswered), slots(block))


def write(template: Template, w: Words) -> Document:
    values, about = drawn(template.slots, w)
    return Document(
        told(template.heading, values) if template.heading else "",
        about,
        [
            Sentence(told(text, values), [told(question, values) for question in questions])
            for text, questions in template.sentences
        ],
        [told(question, values) for question in template.unanswered],
    )


BLOCKS = """
# {B}
{B} was built in {Y} by {P}, who came from {T}.
- When was {B} built?
- Who built {B}?
- Where did the builder of {B} come from?
- In what year was {B} finished?
It stands on a low hill, {K} kilometres outside the town.
- Where does {B} stand?
- How far from the town is {B}?
- How many kilometres outside the town is {B}?
In winter the road up there is often closed because of snow.
- Why is the road to {B} closed in winter?
- When is the road up to {B} closed?
Visitors pay {FEW} {MONEY}, while children get in for nothing.
- How much do visitors pay at {B}?
- What does it cost to get into {B}?
- Do children have to pay at {B}?
! How many rooms does {B} have?
! When does {B} open in the morning?

# {P}
{P} grew up on a farm near {T} with four brothers.
- Where did {P} grow up?
- How many brothers did {P} have?
- Near which town was the farm of {P}'s childhood?
At the age of seventeen {SHE} left for {U} to become a {JOB}.
- How old was {P} when {SHE} left home?
- Why did {P} go to {U}?
- What did {P} want to become?
There {SHE} met {Q}, who lent {HIM} the money for a first workshop.
- Who lent {P} money?
- Whom did {P} meet in {U}?
- What was the loan to {P} for?
The workshop burned down in {Y}, but {SHE} opened another one within a year.
- When did the workshop of {P} burn down?
- What happened to {P}'s workshop?
- How soon did {P} open another workshop?
! When was {P} born?
! Did {P} marry?
! How many children did {P} have?

# Visiting {B}
{B} opens its doors every day except {WEEKDAY}.
- On which day is {B} closed?
- Can I visit {B} on {WEEKDAY}s?
- When is {B} shut?
A ticket costs {K} {MONEY} and is sold at the desk only.
- How much is a ticket for {B}?
- Where can I buy a ticket for {B}?
- What does it cost to see {B}?
Bags and coats must be left in the {ROOM}.
- Where do I leave my coat at {B}?
- What must I leave in the {ROOM} of {B}?
- May I carry a bag around {B}?
The last tour begins at {H}, and it takes about {FEW} minutes.
- When does the last tour of {B} begin?
- How long is a tour of {B}?
! Who built {B}?
! Are dogs allowed in {B}?

# The bridge of {T}
The bridge of {T} crosses the {V} river and was finished in {Y}.
- Which river does the bridge of {T} cross?
- When was the bridge of {T} finished?
Before that, people had to take a {CAR} to get to the other side.
- How did people in {T} cross the river before there was a bridge?
- What did people take before the bridge of {T} was there?
It is {K} metres long and rests on {FEW} pillars of {J}.
- How long is the bridge of {T}?
- How many pillars does the bridge of {T} have?
- What are the pillars of the bridge of {T} made of?
In {MONTH} it had to be closed after a ship hit one of them.
- Why was the bridge of {T} closed?
- What hit the bridge of {T}?
- In which month was the bridge of {T} closed?
! How high is the bridge of {T}?
! Who designed the bridge of {T}?
! What did the bridge of {T} cost?

# Dr. {V}
Dr. {V} runs a small practice in {T}, next to {B}.
- Where is the practice of Dr. {V}?
- Next to which building does Dr. {V} work?
She sees patients without an appointment between {H} and {I}.
- When can I see Dr. {V} without an appointment?
- Do I need an appointment with Dr. {V}?
For everything else, call {CODE} at least {FEW} days ahead.
- Which number do I call for an appointment with Dr. {V}?
- How many days ahead should I call Dr. {V}?
Her assistant, {P}, takes the blood and prints the bills.
- Who is the assistant of Dr. {V}?
- Who takes the blood in the practice of Dr. {V}?
- Who prints the bills for Dr. {V}?
! How old is Dr. {V}?
! Where did Dr. {V} study?

{P} and {HER} sister {Q} opened a bakery in {T} in {Y}.
- When did {P} open a bakery?
- Who is the sister of {P}?
- Where is the bakery of {P} and {Q}?
{Q} makes the bread, while {P} looks after the money.
- Who makes the bread in the bakery of {P}?
- Who looks after the money of the bakery of {Q}?
Their {DISH} with {FOOD} is sold out before noon on most days.
- What is sold out before noon at the bakery of {P}?
- What is in the {DISH} of {P} and {Q}?
- When is the {DISH} of {P} and {Q} sold out?
The oven is older than both of them: it was built by their grandfather.
- Who built the oven of {P} and {Q}?
- How old is the oven of {P} and {Q}?
! How many people work for {P} and {Q}?
! What does the {DISH} of {P} cost?

# {APP}
{APP} is a program that sorts photos by the place where they were taken.
- What is {APP}?
- How does {APP} sort photos?
- What can I do with {APP}?
It was written by {P} and costs nothing.
- Who wrote {APP}?
- What does {APP} cost?
- Is {APP} free?
To start it for the first time, run `{CMD}` in the folder with your pictures.
- How do I start {APP} for the first time?
- What must I run in the folder with my pictures to start {APP}?
If pictures have no place, they are put into a folder called {N}.
- What does {APP} do with pictures that have no place?
- Where does {APP} put pictures without a place?
Nothing is ever deleted.
- Does {APP} delete anything?
- What does {APP} never do to pictures?
! Does {APP} run on phones?
! How large is {APP}?

# How to install {APP}
Download the file for your system and open it.
- What do I do first to install {APP}?
- What must I download for {APP}?
You need {FEW} gigabytes of free space and a user with the right to install programs.
- How much space does {APP} need?
- What rights do I need to install {APP}?
When it asks for a key, type the one that you got by e-mail.
- Which key does {APP} want?
- Where do I find the key of {APP}?
- What should I type when {APP} asks for a key?
After that, the window closes by itself and the icon appears on your desktop.
- What happens at the end of the installation of {APP}?
- Where does the icon of {APP} appear?
! How do I remove {APP}?
! What does the key of {APP} cost?
! Can I install {APP} on two computers?

# Settings of {APP}
All settings of {APP} live in `{PATH}`.
- Where are the settings of {APP}?
- Which file holds the settings of {APP}?
The value of `{KEY}` decides how often it asks the server; {FEW} minutes are usual.
- What does `{KEY}` decide in {APP}?
- How often does {APP} usually ask the server?
With `{KEY2}` switched off, it keeps everything in memory and writes nothing to the disk.
- What happens in {APP} if `{KEY2}` is off?
- How do I stop {APP} from writing to the disk?
Changes count only after a restart.
- When do changes of the settings of {APP} count?
- Do I have to restart {APP} after a change?
- Why does {APP} not use my changed settings?
! What is the port of {APP}?
! Who may change the settings of {APP}?

# Release {FEW} of {APP}
Release {FEW} of {APP} starts in half the time.
- How much faster does {APP} start in release {FEW}?
- What became faster in release {FEW} of {APP}?
The old {N} window is gone; its place is taken by a search field.
- What replaced the {N} window of {APP}?
- Which window of {APP} is gone?
- What happened to the {N} window in {APP}?
Two errors were fixed: the one that lost tabs and the one that doubled messages.
- How many errors were fixed in release {FEW} of {APP}?
- Which errors does release {FEW} of {APP} fix?
It can be installed over any version from {Y} on.
- From which versions can I update to release {FEW} of {APP}?
- Over which versions can release {FEW} of {APP} be installed?
! When will the next release of {APP} come?
! Does release {FEW} of {APP} support {LANG}?

# {DISH} with {FOOD}
This {DISH} is enough for {FEW} people and takes an hour.
- How many people is the {DISH} for?
- How long does it take to make the {DISH}?
First wash the {FOOD} and cut it into small pieces.
- What do I do first for the {DISH}?
- How do I cut the {FOOD} for the {DISH}?
Then fry it in butter with {FOOD2} until it smells sweet.
- In what do I fry the {FOOD} for the {DISH}?
- How long do I fry the {FOOD} for the {DISH}?
- With what is the {FOOD} of the {DISH} fried?
Bake everything at {K} degrees for half an hour.
- At what temperature is the {DISH} baked?
- How long does the {DISH} stay in the oven?
- How hot must the oven be for the {DISH}?
It tastes best cold, the day after.
- When does the {DISH} taste best?
- Should I eat the {DISH} warm or cold?
! How many calories does the {DISH} have?
! Can I freeze the {DISH}?
! Which wine goes with the {DISH}?

# The {ANIMAL}
The {ANIMAL} lives in the forests of {LAND}, mostly in pairs.
- Where does the {ANIMAL} live?
- Do {ANIMAL}s live alone?
- In which country can I find the {ANIMAL}?
It grows up to {K} centimetres long and has a {COLOUR} {BODY}.
- How long is a {ANIMAL}?
- What colour is the {BODY} of the {ANIMAL}?
- How big does the {ANIMAL} get?
During the day it sleeps, and at dusk it goes looking for {FOOD}.
- When does the {ANIMAL} sleep?
- What does the {ANIMAL} look for at dusk?
- When does the {ANIMAL} look for food?
Its young are born in {MONTH} and can walk after {FEW} days.
- In which month are young {ANIMAL}s born?
- When can a young {ANIMAL} walk?
! How heavy is a {ANIMAL}?
! How old does a {ANIMAL} get?
! How many young does a {ANIMAL} have?

# {C}
{C} was founded in {T} in {Y}, in the kitchen of {P}.
- When was {C} founded?
- Where was {C} founded?
- In whose kitchen did {C} begin?
At first it sold nothing but {N}s.
- What did {C} sell at first?
- What was the first product of {C}?
Today it has {K} employees in {FEW} countries.
- How many people work for {C} today?
- In how many countries does {C} work?
- How large is {C} now?
Its head is {Q}, who came from a bank in {U}.
- Who is the head of {C}?
- Who leads {C}?
- What did the head of {C} do before?
! How much money did {C} make last year?
! What is the phone number of {C}?

# Holidays at {C}
Everyone at {C} has {FEW} days of holiday a year.
- How many days of holiday do people at {C} have?
- How much holiday do I get at {C}?
They must be asked for at least {K} days ahead, with the form from {DEPT}.
- How early must I ask for holiday at {C}?
- Which form do I need for holiday at {C}?
- Where do I get the holiday form of {C}?
Days that are left in {MONTH} are lost.
- What happens to holidays that are left at {C}?
- When are unused holidays at {C} lost?
Whoever falls ill during a holiday gets those days back if a doctor writes a note.
- What happens if I fall ill during my holiday at {C}?
- Do I get holidays back at {C} when I am ill?
- What do I need to get my days of holiday back at {C}?
! Can I sell my holidays at {C}?
! Who approves holidays at {C}?

# House rules of {B}
Guests of {B} can check in from {H} on.
- When can I check in at {B}?
- From what time on can guests come to {B}?
On the day of leaving, the rooms must be empty by {I}.
- When must I leave my room in {B}?
- Check-out time of {B}?
- By when must the rooms of {B} be empty?
After ten in the evening, there is to be no music.
- When is music forbidden in {B}?
- Can I play music at night in {B}?
- Until when may I play music in {B}?
Keys that are lost cost {K} {MONEY}.
- What does a lost key cost in {B}?
- How much do I pay if I lose the key of {B}?
! Is breakfast served in {B}?
! Does {B} have a pool?
! What does a night in {B} cost?

# A trip to {T}
We left home at {H} and reached {T} long after dark.
- When did they leave for {T}?
- When did they reach {T}?
- At what time did the trip to {T} begin?
The hotel, a tall house on the market square, had lost our booking.
- What had the hotel in {T} lost?
- Where was the hotel in {T}?
- What kind of house was the hotel in {T}?
So we slept in the car and had {FOOD} for breakfast.
- Where did they sleep in {T}?
- What did they eat for breakfast in {T}?
The next morning {P}, an old friend, showed us the town.
- Who showed them {T}?
- When did they see the town of {T}?
- What did {P} show them?
! How long did they stay in {T}?
! How did they get home from {T}?

# The {V} river
The {V} river rises in the hills of {LAND} and ends in a lake near {T}.
- Where does the {V} river rise?
- Where does the {V} river end?
- In which country does the {V} begin?
Its water is so cold that no fish live in it.
- Why do no fish live in the {V} river?
- Are there fish in the {V} river?
- How cold is the water of the {V} river?
In dry years it does not reach the lake at all.
- When does the {V} river not reach the lake?
- What happens to the {V} river in dry years?
A dam was planned in {Y}, but the farmers were against it.
- Who was against a dam on the {V} river?
- When was a dam on the {V} river planned?
- What was planned on the {V} river in {Y}?
! How long is the {V} river?
! Which towns lie on the {V} river?

# The {PLANT}
The {PLANT} comes from {LAND} and was brought to Europe by {P}.
- Where does the {PLANT} come from?
- Who brought the {PLANT} to Europe?
It likes dry soil and must not stand in the wind.
- What soil does the {PLANT} like?
- Where must the {PLANT} not stand?
- Which place is bad for the {PLANT}?
Water it every {FEW} days in summer; in winter it needs none.
- How often should I water the {PLANT} in summer?
- Does the {PLANT} need water in winter?
Its flowers are {COLOUR} and open only at night.
- What colour are the flowers of the {PLANT}?
- When do the flowers of the {PLANT} open?
- At what time of day does the {PLANT} flower?
! How high does the {PLANT} grow?
! Is the {PLANT} poisonous?

# {M}
{M} was made in {T} from {Y} on.
- Where was {M} made?
- Since when was {M} made?
It weighs {K} kilos, so two people are needed to lift it.
- How heavy is {M}?
- How many people are needed to lift {M}?
- What is the weight of {M}?
The motor sits under the {COLOUR} lid and must be oiled every {FEW} weeks.
- Where is the motor of {M}?
- How often must the motor of {M} be oiled?
- What colour is the lid over the motor of {M}?
If a lamp blinks, pull the plug and wait for {L} minutes.
- What should I do if a lamp of {M} blinks?
- How long must I wait when the lamp of {M} blinks?
! What does {M} cost?
! How loud is {M}?
! How long is the warranty of {M}?

# Care of {M}
Clean {M} with a soft cloth after each use.
- With what do I clean {M}?
- How often should {M} be cleaned?
- When do I clean {M}?
Do not use soap, because it harms the {J}.
- Why should I not use soap on {M}?
- What harms the {J} of {M}?
- Can I wash {M} with soap?
Once a year, its filter has to be changed.
- How often must the filter of {M} be changed?
- What has to be changed once a year in {M}?
New ones can be ordered from {C} under number {CODE}.
- Where can I order a new filter for {M}?
- What is the order number of the filter of {M}?
- Which company sells filters for {M}?
! What does a filter for {M} cost?
! How do I switch {M} off?

# The {SPORT} club of {T}
The {SPORT} club of {T} has {K} members, most of them under twenty.
- How many members does the {SPORT} club of {T} have?
- How old are most members of the {SPORT} club of {T}?
They train in {B} on {WEEKDAY}s and play at home every second week.
- Where does the {SPORT} club of {T} train?
- On which day does the {SPORT} club of {T} train?
- How often does the {SPORT} club of {T} play at home?
Their coach, {P}, played for {LAND} herself.
- Who is the coach of the {SPORT} club of {T}?
- For which country did the coach of the {SPORT} club of {T} play?
New members do not pay anything in the first {FEW} months.
- How long do new members of the {SPORT} club of {T} not pay?
- What do new members of the {SPORT} club of {T} pay at first?
! How many games did the {SPORT} club of {T} win?
! What does the {SPORT} club of {T} cost per year?

# {T}
{T} is a town of {K} people on the coast of {LAND}.
- How many people live in {T}?
- Where is {T}?
- In which country is {T}?
It lived from fishing until the harbour filled with sand.
- From what did {T} live?
- Why did fishing end in {T}?
- What happened to the harbour of {T}?
Now most families rent rooms to guests from {U}.
- What do most families in {T} do now?
- Where do the guests of {T} come from?
Every {MONTH} they hold a market where only {N}s are sold.
- What is sold at the market of {T}?
- When is the market of {T}?
- In which month does {T} hold its market?
! Who is the mayor of {T}?
! How far is {T} from the capital?

The {KIN} of {P}, {Q}, works as a {JOB} in {T}.
- What is the name of {P}'s {KIN}?
- What does {Q} do?
- Where does the {KIN} of {P} work?
{SHE} has a {PET} that can open doors.
- What pet does {Q} have?
- What can the {PET} of {Q} do?
On {WEEKDAY} it ran away and was found in {B}.
- When did the {PET} of {Q} run away?
- Where was the {PET} of {Q} found?
The man who brought it back did not want any money, only a cup of {DRINK}.
- What did the man who brought back {Q}'s {PET} want?
- Did the man who found the {PET} of {Q} want money?
! How old is {Q}?
! What is the name of {Q}'s {PET}?
! Where does {P} live?

# Minutes of the {DEPT} meeting
{P} opened the {DEPT} meeting at {H}; {FEW} people were there.
- Who opened the {DEPT} meeting?
- When did the {DEPT} meeting begin?
- How many people were at the {DEPT} meeting?
The budget for the new {N} was cut by {K} {MONEY}.
- By how much was the budget for the {N} cut?
- What was cut at the {DEPT} meeting?
{Q} was asked to find a cheaper offer until {D}.
- Who is to find a cheaper offer for the {DEPT} people?
- What was {Q} asked to do?
- Until when must {Q} find a cheaper offer?
There will be no meeting in {MONTH}.
- When will there be no {DEPT} meeting?
- Is there a {DEPT} meeting in {MONTH}?
! Where was the {DEPT} meeting?
! How long did the {DEPT} meeting last?

# {W}
{W} is a novel by {P} and appeared in {Y}.
- Who wrote {W}?
- When did {W} appear?
- What is {W}?
It is about a {JOB} who finds a {N} in the {ROOM}.
- What is {W} about?
- What does the {JOB} in {W} find?
- Where does the {JOB} in {W} find the {N}?
The critics did not like it, but it was sold {K} times in the first week.
- How often was {W} sold in the first week?
- What did the critics think of {W}?
A film with the same title followed, made in {LAND}.
- Where was the film of {W} made?
- Is there a film of {W}?
- What is the title of the film of {W}?
! How many pages does {W} have?
! Where was {W} written?

# Getting to {B}
From the station of {T}, take bus {FEW} to {B}.
- Which bus goes to {B}?
- How do I get to {B} from the station of {T}?
- From where does the bus to {B} leave?
It runs every {K} minutes and needs a quarter of an hour.
- How often does the bus to {B} run?
- How long does the bus to {B} take?
Drivers should leave the motorway at exit {L} and follow the {COLOUR} signs.
- Which exit do drivers take to {B}?
- Which signs lead to {B}?
- How do I get to {B} by car?
There are no parking places in front of the house.
- Can I park in front of {B}?
- Are there parking places at {B}?
! What does the bus to {B} cost?
! When does {B} open?

# The {ILL}
{ILL} is an illness of the {BODY} that mostly hits children.
- What is {ILL}?
- Who mostly gets {ILL}?
- Which part of the body does {ILL} hit?
It begins with a cough, and after {FEW} days the skin turns red.
- How does {ILL} begin?
- When does the skin turn red with {ILL}?
- What happens to the skin during {ILL}?
There is no medicine against it, but warm {DRINK} helps.
- Is there a medicine against {ILL}?
- What helps against {ILL}?
Those who had it once never get it again.
- Can one get {ILL} twice?
- Who never gets {ILL} again?
! Who discovered {ILL}?
! Is there a shot against {ILL}?

# Your order from {C}
Thank you for ordering a {ADJ} {N} from {C}.
- What was ordered from {C}?
- From which company was the {N} ordered?
It will leave our store on {WEEKDAY} and should be with you {FEW} days later.
- When will the {N} from {C} leave the store?
- How long will the {N} from {C} be on its way?
You can follow it with the number {CODE}.
- With which number can I follow my order from {C}?
- What is the number of my order from {C}?
If you do not like it, send it back within {K} days and we pay the postage.
- Within how many days can I send the {N} back to {C}?
- Who pays the postage when I send something back to {C}?
- What can I do if I do not like the {N} from {C}?
! What did the {N} from {C} cost?
! Can I change the address of my order from {C}?

# The {V} mountain
The {V} mountain is the highest point of {LAND}.
- What is the highest point of {LAND}?
- Where is the {V} mountain?
- What is the {V} mountain?
It was first climbed in {Y} by {P} and her dog.
- Who first climbed the {V} mountain?
- When was the {V} mountain first climbed?
- Who was with {P} on the {V} mountain?
From the top you can see as far as {T} when there is no {SKY}.
- How far can I see from the top of the {V} mountain?
- Which town can be seen from the {V} mountain?
A hut {K} metres below it offers soup and a bed.
- What does the hut on the {V} mountain offer?
- Where is the hut on the {V} mountain?
- Can I sleep on the {V} mountain?
! How high is the {V} mountain?
! How long does it take to climb the {V} mountain?
"""

DOCUMENTS = [parse(block) for block in BLOCKS.strip().split("\n\n")]
