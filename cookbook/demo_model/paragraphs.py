"""Small documents as people write them, each sentence with what it answers.

A block is a document. `# ` begins its heading, `- ` a question that the sentence above answers - and
no other sentence of the document -, `! ` a question that comes near and that the document does not
answer; every other line is a sentence. Sentences lean on those before them ("It", "She", "There"),
questions do not: they name who or what they are about. Slots are those of `frames` and have one
value in the whole document.
"""

from collections import Counter
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
    """A block, parsed, with its slots still open. `about`: the slot that most questions hold."""

    heading: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...]
    unanswered: tuple[str, ...]
    slots: tuple[str, ...]
    about: str


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
    held = Counter(slot for _, questions in frozen for each in questions for slot in slots(each))
    about = held.most_common(1)[0][0]
    return Template(heading, frozen, tuple(unanswered), slots(block), about)


def write(template: Template, w: Words) -> Document:
    values, _ = drawn(template.slots, w)
    return Document(
        told(template.heading, values) if template.heading else "",
        values[template.about],
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
Download {APP} for your system and open the file.
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

# Questions about {C}
Orders that reach {C} before {H} are sent the same day.
- By when must I order from {C} to have it sent the same day?
- When are early orders sent by {C}?
If something is broken, take a photo and write to {MAIL}.
- What should I do if something from {C} is broken?
- Where do I write when {C} sent me something broken?
You get your money back within {FEW} days, or a new one if you prefer that.
- When do I get my money back from {C}?
- How long does {C} take to give money back?
Gift cards cannot be used in the sale.
- Can I use a gift card in the sale of {C}?
- What cannot be used in the sale of {C}?
! Does {C} send parcels to {LAND}?
! Can I pay {C} by phone?

# How {APP} finds its way
{APP} keeps a copy of every {N} that it has read.
- What does {APP} keep?
- Of what does {APP} keep a copy?
The copies lie in `{PATH}` and may be thrown away at any time.
- Where does {APP} keep its copies?
- May I delete the copies of {APP}?
If one of them is missing, it is read again from {C}.
- What happens if a copy of {APP} is missing?
- From where does {APP} read what is missing?
This takes longer, but no data is lost.
- Is any data lost when {APP} reads a copy again?
- What is the price of reading again in {APP}?
! How many copies does {APP} keep?
! In what language is {APP} written?

# Errors of {APP}
{APP} stops with `{V}Error` when the {N} is empty.
- When does {APP} stop with `{V}Error`?
- What does `{V}Error` of {APP} mean?
To go on anyway, set `{KEY}` to true.
- How do I make {APP} go on after `{V}Error`?
- Which setting makes {APP} go on when the {N} is empty?
A timeout is reported with code {CODE}; try again after {FEW} seconds.
- With which code does {APP} report a timeout?
- How long should I wait after a timeout of {APP}?
- What should I do after a timeout of {APP}?
All other errors are written to the log and sent to {P}.
- Who gets the other errors of {APP}?
- Where does {APP} write other errors?
! Where is the log of {APP}?
! How can I switch off the log of {APP}?

# The `{CMD}` command
`{CMD}` copies the {N}s of a project to the server.
- What does `{CMD}` do?
- Which command copies {N}s to the server?
With `--{KEY}` it only shows what would be copied.
- How can I see what `{CMD}` would copy?
- What does `--{KEY}` do for `{CMD}`?
It needs a key, which {P} hands out.
- What does `{CMD}` need?
- Who hands out the key for `{CMD}`?
- Where do I get the key for `{CMD}`?
Files above {K} megabytes are left out.
- Which files are left out by `{CMD}`?
- How large may a file be for `{CMD}`?
! How do I stop `{CMD}`?
! Who wrote `{CMD}`?

# Backup of {APP}
Every night at {H}, {APP} writes a backup to the disk in the {ROOM}.
- When does {APP} make a backup?
- Where is the disk with the backups of {APP}?
- How often are backups of {APP} made?
It is kept for {K} days and then replaced.
- How long is a backup of {APP} kept?
- What happens to a backup of {APP} after {K} days?
To get a file back, ask {P}; you need its name and the day.
- Who can get back a file from the backup of {APP}?
- What must I know to get a file back from {APP}?
- How do I get a file back from {APP}?
Mails are not part of it.
- Are mails part of the backup of {APP}?
- What is left out of the backup of {APP}?
! How large is the backup of {APP}?
! Is the backup of {APP} encrypted?

# {LANG} for beginners
Our {LANG} course begins on {D} in {B}.
- When does the {LANG} course begin?
- Where is the {LANG} course?
The teacher, {P}, grew up in {T} and speaks slowly.
- Who is the teacher of the {LANG} course?
- Where did the teacher of the {LANG} course grow up?
There are {FEW} places; {MONEY} are paid back only to those who fall ill.
- How many places does the {LANG} course have?
- Who gets money back from the {LANG} course?
You need nothing but a pencil and the book "{V}".
- What do I need for the {LANG} course?
- Which book is used in the {LANG} course?
! What does the {LANG} course cost?
! How long does the {LANG} course last?

# The {V} school
The {V} school lies at the edge of {T}, between two fields.
- Where is the {V} school?
- Between what does the {V} school lie?
It was meant for {K} children, but twice as many go there now.
- For how many children was the {V} school meant?
- How many children go to the {V} school now?
Lessons begin at {H} and end with a warm meal.
- When do lessons at the {V} school begin?
- With what do lessons at the {V} school end?
{P}, its head, also teaches {S}.
- Who is the head of the {V} school?
- What does the head of the {V} school teach?
Last year the pupils built a {N} for the garden.
- What did the pupils of the {V} school build?
- When did the pupils of the {V} school build a {N}?
! When was the {V} school founded?
! How many teachers does the {V} school have?

# The library of {T}
Anyone who lives in {T} can get a card for the library, free of charge.
- Who can get a card for the library of {T}?
- What does a card for the library of {T} cost?
Books are lent for {FEW} weeks and films for three days.
- How long are books lent in {T}?
- For how long can I borrow a film in {T}?
Those who are late pay {L} cents a day.
- What do late readers pay in {T}?
- How much is it if I bring back a book late in {T}?
The reading room upstairs stays open until {H}.
- Until when is the reading room of the library of {T} open?
- Where is the reading room of the library of {T}?
! How many books does the library of {T} have?
! Who runs the library of {T}?

# {P}, {JOB}
{P} was born in {T} as the last of {FEW} children.
- Where was {P} born?
- How many children were there in the family of {P}?
{HER} father sold {N}s, and {HER} mother sang in the choir of {B}.
- What did the father of {P} sell?
- Where did the mother of {P} sing?
- Who sang in the choir of {B}?
After school {SHE} worked for {C} for a year and then travelled to {LAND}.
- For whom did {P} work after school?
- To which country did {P} travel?
- How long did {P} work for {C}?
In {Y} {SHE} became the first {JOB} with a shop of {HER} own.
- What did {P} become in {Y}?
- When did {P} get a shop?
! When did {P} die?
! Whom did {P} marry?
! Which languages did {P} speak?

# {P}
As a child, {P} was too ill to go to school.
- Why did {P} not go to school?
- When was {P} ill?
A neighbour, the {JOB} {Q}, taught {HIM} to read and to play the {MUSIC}.
- Who taught {P} to read?
- What instrument did {P} learn?
- What was the job of {Q}?
{SHE} gave {HER} first concert in {T} at the age of {FEW}.
- Where was the first concert of {P}?
- How old was {P} at {HER} first concert?
Thousands came to {HER} last one, which was held in {B} in {Y}.
- Where was the last concert of {P}?
- When was the last concert of {P}?
- How many people came to the last concert of {P}?
! Where is {P} buried?
! When was {P} born?

# How {C} began
In {Y}, {P} found an old {CAR} behind the house of {HER} {KIN}.
- What did {P} find in {Y}?
- When did {P} find the {CAR}?
- Where did {P} find the {CAR}?
{SHE} repaired it and began to carry {FOOD} to the market in {T}.
- What did {P} carry to the market?
- Where was the market to which {P} went?
That was the start of {C}, which has {K} cars today.
- How many cars does {C} have today?
- Which company did {P} start?
Each of them is still painted {COLOUR}, like the first one.
- What colour are the cars of {C}?
- Why are the cars of {C} {COLOUR}?
! Who leads {C} today?
! How much did the first {CAR} of {P} cost?

# {CROP}
{CROP} has been grown in {LAND} for two thousand years.
- How long has {CROP} been grown in {LAND}?
- Where has {CROP} been grown for two thousand years?
It needs warm nights and a soil without stones.
- What soil does {CROP} need?
- What kind of nights does {CROP} need?
Farmers sow it in {MONTH} and bring it in {FEW} weeks later.
- When is {CROP} sown?
- How long after sowing is {CROP} brought in?
- In which month do farmers sow {CROP}?
Most of the harvest is sold to {LAND2}, where oil is made from it.
- Where is most of the {CROP} sold?
- What is made from {CROP} in {LAND2}?
! How much does {CROP} cost?
! Which illness attacks {CROP}?

# What is {METAL}?
{METAL} is a metal that is found in the mountains of {LAND}.
- What is {METAL}?
- Where is {METAL} found?
It melts at {K} degrees and bends easily.
- At what temperature does {METAL} melt?
- Does {METAL} bend easily?
People use it for {TOOL}s and for coins.
- What is {METAL} used for?
- For what do people use {METAL}?
In water it slowly turns {COLOUR}.
- What happens to {METAL} in water?
- Which colour does {METAL} get in water?
! Who discovered {METAL}?
! How much does a kilo of {METAL} cost?

# The museum of {MUSIC}s
In a side street of {T} there is a museum of {MUSIC}s.
- Where is the museum of {MUSIC}s?
- What kind of museum is in a side street of {T}?
{P}, a retired {JOB}, collected all {K} of them.
- Who collected the {MUSIC}s of the museum?
- How many {MUSIC}s are in the museum?
- What was the job of the man who collected the {MUSIC}s?
The smallest one fits into a nutshell and can still be played.
- How small is the smallest {MUSIC} of the museum?
- Can the smallest {MUSIC} of the museum be played?
Ring twice, because he does not hear well.
- How often must I ring at the museum of {MUSIC}s?
- Why should I ring twice at the museum of {MUSIC}s?
! When is the museum of {MUSIC}s open?
! What does the museum of {MUSIC}s cost?

# The {N} festival
Once a year the people of {T} celebrate the {N} festival.
- Who celebrates the {N} festival?
- How often is there a {N} festival?
- Where is the {N} festival?
It begins on the second {WEEKDAY} of {MONTH} with a march through the town.
- When does the {N} festival begin?
- With what does the {N} festival begin?
Children throw {FOOD} from the windows, and whoever is hit has luck.
- What do children throw at the {N} festival?
- Who has luck at the {N} festival?
At midnight a {O} of {J} is burned on the square.
- What is burned at the {N} festival?
- When is the {O} of {J} burned?
- What happens at midnight at the {N} festival?
! How old is the {N} festival?
! How many people come to the {N} festival?

# Flat in {T}
The flat in {T} has {FEW} rooms and a balcony that looks north.
- How many rooms does the flat in {T} have?
- Where does the balcony of the flat in {T} look?
It is on the third floor, and there is no lift.
- On which floor is the flat in {T}?
- Is there a lift in the house of the flat in {T}?
The rent is {K} {MONEY} a month, heating included.
- How much is the rent of the flat in {T}?
- Is heating part of the rent in {T}?
- What does the flat in {T} cost per month?
It can be seen on {WEEKDAY}s; call {P} first.
- When can I see the flat in {T}?
- Whom must I call to see the flat in {T}?
! Are pets allowed in the flat in {T}?
! How old is the house in {T}?
! When can I move into the flat in {T}?

# Rules of the {SPORT} hall
The {SPORT} hall may be entered with clean shoes only.
- With what shoes may I enter the {SPORT} hall?
- Can I wear dirty shoes in the {SPORT} hall?
Whoever comes last switches off the light and locks the {ROOM}.
- Who switches off the light in the {SPORT} hall?
- What does the last one in the {SPORT} hall lock?
The key hangs behind the {N}.
- Where is the key of the {SPORT} hall?
- What hangs behind the {N} in the {SPORT} hall?
Damage has to be reported to {P} on the same day.
- To whom do I report damage in the {SPORT} hall?
- When must damage in the {SPORT} hall be reported?
! When is the {SPORT} hall open?
! How much is it to rent the {SPORT} hall?

# Night train to {T}
The night train to {T} leaves {U} at {H}.
- When does the night train to {T} leave?
- From where does the night train to {T} leave?
Its beds have to be booked {FEW} days ahead, whereas seats are always free.
- How early must I book a bed in the night train to {T}?
- Do I have to book a seat in the night train to {T}?
Breakfast is brought to you an hour before you arrive.
- When is breakfast brought in the night train to {T}?
- Is there breakfast in the night train to {T}?
Bicycles travel in the last car for {K} {MONEY}.
- Where do bicycles travel in the night train to {T}?
- What does a bicycle cost in the night train to {T}?
! When does the night train arrive in {T}?
! What does a bed in the night train to {T} cost?

# The lighthouse of {T}
The lighthouse of {T} was lit for the first time in {Y}.
- When was the lighthouse of {T} lit for the first time?
- How old is the lighthouse of {T}?
Its light can be seen from {K} kilometres away.
- From how far can the light of {T} be seen?
- How far does the lighthouse of {T} shine?
The last keeper was {P}, who lived there with her {PET}.
- Who was the last keeper of the lighthouse of {T}?
- Which animal lived in the lighthouse of {T}?
Since she left, a computer does the work.
- What does the work in the lighthouse of {T} now?
- Who looks after the light of {T} today?
! How high is the lighthouse of {T}?
! Can I visit the lighthouse of {T}?

# Who does what at {C}
{P} answers the phone at {C} and opens the letters.
- Who answers the phone at {C}?
- Who opens the letters at {C}?
- What does {P} do at {C}?
Her desk is in the {ROOM}, next to the {N}.
- Where is the desk of {P}?
- What is next to the desk of {P}?
{Q} takes over when she is away.
- Who does the work of {P} when she is away?
- When does {Q} take over at {C}?
For repairs, put a note on the {O}.
- What do I do at {C} when something needs repair?
- Where do I put a note about repairs at {C}?
! Who pays the bills at {C}?
! What is the phone number of {C}?

# The first {CAR}
The first {CAR} of {LAND} was built by two brothers, {P} and {Q}.
- Who built the first {CAR} of {LAND}?
- How many brothers built the first {CAR} of {LAND}?
It was so slow that children ran beside it.
- How fast was the first {CAR} of {LAND}?
- Who ran beside the first {CAR} of {LAND}?
After {FEW} kilometres its {X} broke.
- What broke on the first {CAR} of {LAND}?
- How far did the first {CAR} of {LAND} go?
- When did the {X} of the first {CAR} of {LAND} break?
Still, {C} bought the plans in {Y}.
- Who bought the plans of the first {CAR} of {LAND}?
- When were the plans of the first {CAR} of {LAND} bought?
! What did the first {CAR} of {LAND} cost?
! Where is the first {CAR} of {LAND} today?

# Soap
To make {PLANT} soap at home, you need oil, ashes and a large pot.
- What do I need to make {PLANT} soap?
- Where can I make {PLANT} soap?
Warm the oil slowly; it must not boil.
- How do I warm the oil for the {PLANT} soap?
- May the oil for the {PLANT} soap boil?
Add the ashes and stir for {K} minutes with a {TOOL}.
- How long do I stir the {PLANT} soap?
- With what do I stir the {PLANT} soap?
Pour everything into forms, then leave them in the {ROOM} until {MONTH}.
- Where do I leave the {PLANT} soap?
- Until when does the {PLANT} soap stay in the forms?
! How much oil do I need for {PLANT} soap?
! How long does {PLANT} soap keep?

# The {ROOM}
The {ROOM} of {B} was painted {COLOUR} in {Y}, against the will of {P}.
- What colour is the {ROOM} of {B}?
- When was the {ROOM} of {B} painted?
- Who did not want the {ROOM} of {B} to be painted?
Its ceiling is held by {FEW} beams of {J}.
- How many beams hold the ceiling of the {ROOM} in {B}?
- Of what are the beams in the {ROOM} of {B}?
A {SEAT} that nobody may use stands in the corner.
- What stands in the corner of the {ROOM} of {B}?
- May I use the {SEAT} in the {ROOM} of {B}?
It belonged to {Q}, the first owner.
- To whom did the {SEAT} in {B} belong?
- Who was the first owner of {B}?
! How large is the {ROOM} of {B}?
! Can I rent the {ROOM} of {B}?

# Parking in {T}
In the centre of {T} you may park for at most {FEW} hours.
- How long may I park in the centre of {T}?
- Where in {T} is parking limited to {FEW} hours?
The machines take coins and cards, but no notes.
- How can I pay for parking in {T}?
- Do the parking machines of {T} take notes?
Those who live there pay {K} {MONEY} a year and put a {COLOUR} card behind the window.
- How much do people who live in {T} pay for parking?
- What colour is the parking card of {T}?
After {H} and on Sundays, it is free.
- When is parking free in {T}?
- Do I pay for parking in {T} on Sundays?
! What is the fine for wrong parking in {T}?
! Where is the largest car park of {T}?

# Swimming in {T}
The pool of {T} is heated to {FEW} degrees and opens in {MONTH}.
- How warm is the pool of {T}?
- When does the pool of {T} open for the season?
Children under six swim for free, if somebody watches them.
- Who swims for free in {T}?
- What must children under six have in the pool of {T}?
Everybody else pays {K} {MONEY}.
- What does the pool of {T} cost?
- How much do adults pay for the pool of {T}?
When there is lightning, all have to leave the water.
- What happens at the pool of {T} when there is lightning?
- When must people leave the water of the pool of {T}?
! How deep is the pool of {T}?
! Who watches the pool of {T}?

# {P} and the {ANIMAL}
One evening in {MONTH}, {P} found a young {ANIMAL} behind the {N}.
- When did {P} find the {ANIMAL}?
- Where did {P} find the {ANIMAL}?
- What did {P} find behind the {N}?
It had hurt its {BODY} and could not move.
- What was wrong with the {ANIMAL} that {P} found?
- Which part of the {ANIMAL} of {P} was hurt?
{SHE} carried it to {Q}, who is a vet in {T}.
- To whom did {P} carry the {ANIMAL}?
- Where does {Q} work?
- What is the job of {Q}?
After {FEW} weeks it was well and did not want to leave.
- How long did it take until the {ANIMAL} of {P} was well?
- Did the {ANIMAL} want to leave {P}?
Now it sleeps in the {ROOM}.
- Where does the {ANIMAL} of {P} sleep?
! What does the {ANIMAL} of {P} eat?
! What is the name of the {ANIMAL} of {P}?

# Your account at {APP}
An account at {APP} is free and needs only an e-mail address.
- What does an account at {APP} cost?
- What do I need for an account at {APP}?
If you do not use it for {FEW} months, it is closed.
- What happens if I do not use my {APP} account?
- When is an account at {APP} closed?
You can delete it yourself: open {MENU}, scroll down and press {PRESS}.
- How do I delete my {APP} account?
- Which button deletes my {APP} account?
- Where can I delete my account at {APP}?
Your pictures are then kept for another {K} days, in case you come back.
- How long are my pictures kept by {APP} after I delete the account?
- Why does {APP} keep pictures for {K} days?
! Can I have two accounts at {APP}?
! How do I change my name at {APP}?

# Messages in {APP}
To write a message in {APP}, press the {COLOUR} pen.
- How do I write a message in {APP}?
- What must I press to write a message in {APP}?
It is saved every {FEW} seconds while you type.
- How often is a message saved in {APP}?
- What happens in {APP} while I type a message?
Once sent, it can be changed for {K} minutes.
- How long can I change a message in {APP}?
- Can I change a message that was sent in {APP}?
Words in stars appear in bold.
- How do I make words bold in {APP}?
- What do stars do in {APP}?
! How do I delete a message in {APP}?
! How long may a message in {APP} be?
! Can I send files in {APP}?

# The client of {APP}
Create one client per program and share it between threads; {APP} takes care of the rest.
- How many clients of {APP} should I create?
- Can I share a client of {APP} between threads?
Every call returns a {N} or raises `{V}Error`.
- What does a call of the {APP} client return?
- What does the {APP} client raise?
It waits for {K} seconds before it gives up.
- How long does the {APP} client wait?
- When does the {APP} client give up?
If you need more time, pass `{KEY}`.
- What should I pass to {APP} if I need more time?
- How can I make the {APP} client wait longer?
Close it at the end with `close`.
- How do I close the {APP} client?
- What must I do with the {APP} client at the end?
! Does the {APP} client work with a proxy?
! Is there an async client for {APP}?

# Moving from {V} to {APP}
{APP} can read the files of {V} as they are.
- Can {APP} read the files of {V}?
- Which files does {APP} read as they are?
Only the {N} has to be written again, since its format was never published.
- What has to be written again when I move to {APP}?
- Why must the {N} be written again for {APP}?
Run `{APP} {CMD}` once; this takes about {FEW} minutes.
- What must I run to move to {APP}?
- How long does it take to move to {APP}?
Afterwards, both programs can be used side by side.
- Can I use {V} and {APP} at the same time?
- What is possible after moving to {APP}?
! Can I go back from {APP} to {V}?
! Is {APP} faster than {V}?

# {LAND}
{LAND} lies between {LAND2} and the sea.
- Where does {LAND} lie?
- Between what does {LAND} lie?
Its people speak {LANG} at home and English at work.
- What do people in {LAND} speak at home?
- Which language is spoken at work in {LAND}?
They became a free country in {Y}, when the last soldiers left {T}.
- When did {LAND} become free?
- From which town did the last soldiers leave {LAND}?
Since then, they have lived from selling {CROP} and {METAL}.
- What does {LAND} sell?
- From what does {LAND} live?
The highest court sits in {U}.
- Where is the highest court of {LAND}?
- What sits in {U}?
! How many people live in {LAND}?
! What is the capital of {LAND}?
! What is the money of {LAND} called?

# Weather for {T}
{WEEKDAY} begins with {SKY} in {T} and stays cold.
- With what weather does {WEEKDAY} begin in {T}?
- Will it be cold in {T} on {WEEKDAY}?
In the afternoon it clears up, with up to {FEW} degrees by the sea.
- When does it clear up in {T}?
- How warm does it get by the sea near {T}?
The wind comes from the north and grows stronger towards evening.
- From where does the wind come in {T}?
- When does the wind grow stronger in {T}?
On the roads to {U}, drivers should watch out for ice.
- For what should drivers to {U} watch out?
- Where is there ice near {T}?
! Will it snow in {T}?
! When does the sun rise in {T}?

# Ward {FEW} of {B}
Ward {FEW} of {B} looks after people with {ILL}.
- Who is looked after on ward {FEW} of {B}?
- Which illness is treated on ward {FEW} of {B}?
Visitors may come from {H} to {I}, two at a time.
- When may visitors come to ward {FEW} of {B}?
- How many visitors may come at a time to ward {FEW} of {B}?
- Visiting hours of ward {FEW} in {B}?
They have to wash their hands and must not bring flowers.
- What must visitors not bring to ward {FEW} of {B}?
- Can I bring flowers to ward {FEW} of {B}?
At night, {P} is the nurse to call.
- Who is the nurse at night on ward {FEW} of {B}?
- When does {P} work on ward {FEW} of {B}?
! How many beds does ward {FEW} of {B} have?
! Which doctor leads ward {FEW} of {B}?

# {C} buys {V}
{C} announced on {D} that it would buy {V}, a maker of {N}s.
- What did {C} announce?
- When did {C} announce the purchase of {V}?
- What does {V} make?
The price, {K} million {MONEY}, is higher than anyone had expected.
- How much does {C} pay for {V}?
- What is the price of {V}?
{P}, who founded the smaller company, will leave it in {MONTH}.
- Who founded {V}?
- When will {P} leave {V}?
Its factory in {T} is going to be closed.
- What will happen to the factory of {V}?
- Where is the factory of {V}?
! How many people work for {V}?
! Who leads {C}?

# Delivery by {C}
{C} delivers in {T} from {WEEKDAY} on, between {H} and {I}.
- At what time does {C} deliver in {T}?
- From which day on does {C} deliver in {T}?
For {FEW} {MONEY} more, the driver carries everything to your kitchen.
- What does it cost if the driver of {C} carries things to my kitchen?
- What does the driver of {C} do for {FEW} {MONEY} more?
Boxes are taken back when they are empty and clean.
- When does {C} take boxes back?
- Does {C} take back boxes?
Milk and eggs cannot be returned.
- Which goods cannot be returned to {C}?
- Can I return eggs to {C}?
! How do I pay {C}?
! Which towns besides {T} does {C} deliver to?

# The {V} car park
The {V} car park has {K} places on {FEW} floors.
- How many places does the {V} car park have?
- How many floors does the {V} car park have?
An hour costs {L} {MONEY}; the first ten minutes are free.
- How much is an hour in the {V} car park?
- How long can I park for free in the {V} car park?
Ask the guard, {P}, if you have lost your ticket.
- Whom do I ask if I lose my ticket in the {V} car park?
- Who is the guard of the {V} car park?
Cars higher than two metres do not fit through the gate.
- Which cars do not fit into the {V} car park?
- How high may a car be in the {V} car park?
! Is the {V} car park open at night?
! Can I charge my car in the {V} car park?

# {P} in {LAND}
In {Y} {P} travelled to {LAND} to look for {PLANT}s.
- When did {P} travel to {LAND}?
- Why did {P} travel to {LAND}?
- What did {P} look for in {LAND}?
The journey by {CAR} took {FEW} weeks, and half of the baggage was lost.
- How did {P} travel to {LAND}?
- How long did the journey of {P} take?
- How much of the baggage of {P} was lost?
In a village near {T}, {SHE} fell ill with {ILL}.
- Where did {P} fall ill?
- Which illness did {P} have?
{Q}, a local {JOB}, nursed {HIM} for a month and asked for nothing.
- Who nursed {P}?
- What did {Q} ask for?
- How long was {P} nursed?
{HER} diary of this time is kept in {B}.
- Where is the diary of {P}?
- What is kept in {B}?
! How old was {P} in {LAND}?
! When did {P} come home?

The {MUSIC} that hangs in {B} once belonged to {P}.
- To whom did the {MUSIC} in {B} belong?
- Where does the {MUSIC} of {P} hang?
It was made of {J} by a {JOB} in {T}.
- Who made the {MUSIC} of {P}?
- What is the {MUSIC} of {P} made of?
- In which town was the {MUSIC} of {P} made?
{P} played it only once, at the wedding of her {KIN}.
- How often did {P} play the {MUSIC}?
- At whose wedding did {P} play?
Somebody stole it in {Y}, yet it came back by mail without a word.
- When was the {MUSIC} of {P} stolen?
- How did the {MUSIC} of {P} come back?
! How much is the {MUSIC} of {P} worth?
! Who stole the {MUSIC} of {P}?

Our neighbour {P} has kept bees since {Y}.
- Who has kept bees since {Y}?
- Since when has {P} kept bees?
- What does {P} keep?
The hives stand between the {PLANT}s, far from the road.
- Where do the hives of {P} stand?
- Between which plants are the hives of {P}?
In a good summer they give {K} jars of honey.
- How much honey do the bees of {P} give in a good summer?
- How many jars of honey does {P} get?
Half of it goes to {B}; the rest is sold for {FEW} {MONEY} a jar.
- What does a jar of honey from {P} cost?
- Where does half of the honey of {P} go?
! How many hives does {P} have?
! Has {P} ever been stung?

# Cleaning the {ROOM}
The {ROOM} on floor {FEW} is cleaned on {WEEKDAY}s by {P}.
- Who cleans the {ROOM} on floor {FEW}?
- When is the {ROOM} on floor {FEW} cleaned?
She starts at {H}, so please leave by then.
- At what time does {P} start to clean?
- By when should I leave the {ROOM} on floor {FEW}?
Cups that are left on the {SEAT} will be thrown away.
- What happens to cups that are left on the {SEAT} in the {ROOM}?
- Where should I not leave cups in the {ROOM}?
If something is missing afterwards, ask at the desk of {C}.
- Where do I ask if something is missing in the {ROOM} on floor {FEW}?
- What should I do if something is missing after the cleaning by {P}?
! How long does {P} need for the {ROOM}?
! Who pays for cleaning the {ROOM} on floor {FEW}?

# Bread in {T}
In {T}, bread is baked in one oven that belongs to everybody.
- To whom does the oven of {T} belong?
- How many ovens does {T} have?
On {WEEKDAY}s the fire is lit at {H} by {P}.
- Who lights the fire of the oven in {T}?
- When is the fire of the oven in {T} lit?
Each family marks its loaves with a {N}.
- How do families in {T} mark their loaves?
- With what are the loaves of {T} marked?
A mouse of dough is baked along for the youngest child.
- What is baked for the youngest child in {T}?
- For whom is the mouse of dough in {T}?
! How old is the oven of {T}?
! How hot is the oven of {T}?

# {DRINK} from {LAND}
{DRINK} from {LAND} is stored in barrels of {J} for {FEW} years.
- How long is {DRINK} from {LAND} stored?
- In what is {DRINK} from {LAND} stored?
That gives it its {COLOUR} colour and a taste of {FOOD}.
- What does {DRINK} from {LAND} taste of?
- Where does the {DRINK} from {LAND} get its colour?
- Which colour has the {DRINK} from {LAND}?
Most of it is drunk in {T}, where {P} opened the first bar in {Y}.
- Where is most of the {DRINK} from {LAND} drunk?
- Who opened the first bar for {DRINK} in {T}?
- When was the first {DRINK} bar of {T} opened?
It must never be mixed with {DRINK2}.
- With what must {DRINK} from {LAND} never be mixed?
- Can I mix {DRINK} from {LAND} with {DRINK2}?
! How strong is the {DRINK} from {LAND}?
! What does a bottle of {DRINK} from {LAND} cost?

# {P}'s garden
{P} grows {FOOD} and {FOOD2} behind the house.
- What does {P} grow?
- Where is the garden of {P}?
A fence of {J} keeps out the {ANIMAL}s.
- What keeps the {ANIMAL}s out of the garden of {P}?
- Of what is the fence of {P}?
In {MONTH} she gives half of the harvest to {Q}.
- Who gets half of the harvest of {P}?
- When does {P} give away half of the harvest?
! How large is the garden of {P}?

# Exams in {S}
The exam in {S} takes place in {B} on {D}.
- Where does the exam in {S} take place?
- When is the exam in {S}?
It lasts {FEW} hours; books may be used, phones may not.
- How long does the exam in {S} last?
- May I use books in the exam in {S}?
- Are phones allowed in the exam in {S}?
The results are sent by mail {K} days later.
- When do I get the results of the {S} exam?
- How are the results of the exam in {S} sent?
! Who corrects the exam in {S}?
! What happens if I fail the exam in {S}?

# The old {CAR} of {T}
The old {CAR} of {T} was built in {LAND} and bought in {Y}.
- Where was the {CAR} of {T} built?
- When was the {CAR} of {T} bought?
Today it carries only guests of {B}, {FEW} at a time.
- Whom does the {CAR} of {T} carry today?
- How many guests fit into the {CAR} of {T}?
Its driver, {P}, tells stories on the way.
- Who drives the {CAR} of {T}?
- What does the driver of the {CAR} of {T} do on the way?
! How fast is the {CAR} of {T}?
! What does a ride in the {CAR} of {T} cost?

# {V}, the {PET}
{V} is a {COLOUR} {PET} that lives at {B}.
- What is {V}?
- Where does {V} live?
- What colour is {V}?
It was found in a box by {P} in {Y}.
- Who found {V}?
- When was {V} found?
- In what was {V} found?
Its favourite food is {FOOD}, which it gets from the cook every {WEEKDAY}.
- What is the favourite food of {V}?
- Who feeds {V}?
Visitors are asked not to touch it.
- May visitors touch {V}?
- What should visitors not do with {V}?
! How old is {V}?

# Room {FEW}
Room {FEW} of {C} is used for meetings of up to {K} people.
- How many people fit into room {FEW} of {C}?
- For what is room {FEW} of {C} used?
To book it, write your name on the list at the {N}.
- How do I book room {FEW} of {C}?
- Where is the list for room {FEW} of {C}?
There is a {COLOUR} screen, but no phone.
- Is there a phone in room {FEW} of {C}?
- What colour is the screen in room {FEW} of {C}?
! On which floor is room {FEW} of {C}?

# First aid for the {BODY}
If you hurt your {BODY}, cool it for {FEW} minutes.
- What should I do if I hurt my {BODY}?
- How long should I cool my {BODY}?
Do not put ice on it directly; use a cloth.
- Can I put ice on my {BODY} directly?
- What should I use with ice for the {BODY}?
When it turns {COLOUR}, call {P} under {CODE}.
- When should I call {P} about my {BODY}?
- Whom do I call if my {BODY} turns {COLOUR}?
! How long does a hurt {BODY} take to heal?

# How {T} got its {N}
The {N} of {T} was a gift of {LAND}.
- Who gave {T} its {N}?
- From which country came the {N} of {T}?
It arrived by ship in {Y}, packed in {CROP}.
- How did the {N} get to {T}?
- When did the {N} arrive in {T}?
- In what was the {N} of {T} packed?
For {K} years nobody knew where to put it.
- For how long did nobody in {T} know where to put the {N}?
Finally {P} set it up in front of {B}.
- Who set up the {N} of {T}?
- Where does the {N} of {T} stand?
! What is the {N} of {T} made of?

# Key `{KEY}`
`{KEY}` tells {APP} how many {N}s it may open at once.
- What does `{KEY}` tell {APP}?
- How do I change how many {N}s {APP} opens at once?
Its default is {FEW}, and values above {K} have no effect.
- What is the default of `{KEY}` in {APP}?
- Which values of `{KEY}` have no effect?
If you set it to zero, there is no limit.
- What happens if `{KEY}` is zero?
- How do I switch off the limit `{KEY}`?
! Since which version does {APP} know `{KEY}`?

# Printing from {APP}
To print from {APP}, open {MENU} and choose the {COLOUR} icon.
- How do I print from {APP}?
- Which menu of {APP} is for printing?
If the page comes out empty, the {N} is missing.
- Why does {APP} print empty pages?
- What is missing if {APP} prints an empty page?
Paper larger than A4 is cut off on the right.
- What happens to large paper when {APP} prints?
- Where does {APP} cut off large paper?
! Can {APP} print on both sides?
! Which printers does {APP} know?

# {SPORT} for everyone
On {WEEKDAY}s, everyone may try {SPORT} in {B}.
- When can I try {SPORT}?
- Where can I try {SPORT}?
- Who may try {SPORT}?
You need only shoes; the rest is lent to you for {FEW} {MONEY}.
- What do I need to try {SPORT}?
- How much is it to borrow things for {SPORT}?
{P}, who won a medal in {LAND}, shows you how it is done.
- Who shows people how {SPORT} is done?
- Where did {P} win a medal?
! How long does a {SPORT} lesson last?

# The {N} of {P}
{P} inherited a {N} from an aunt in {T}.
- From whom did {P} inherit the {N}?
- What did {P} inherit?
- Where did the aunt of {P} live?
It turned out to be worth {K} {MONEY}.
- How much is the {N} of {P} worth?
- What is the value of the {N} of {P}?
Rather than sell it, she lent it to {B}.
- What did {P} do with the {N}?
- Did {P} sell the {N}?
- To whom did {P} lend the {N}?
! How old is the {N} of {P}?

# Tea house {V}
The tea house {V} serves {FEW} kinds of tea and a {DISH}.
- How many kinds of tea does {V} serve?
- What can I eat at {V}?
It belongs to {P}, a former {JOB}.
- To whom does {V} belong?
- What was the owner of {V} before?
Tables by the window should be booked under {CODE}.
- Which number do I call for a table by the window at {V}?
- Which tables of {V} should be booked?
Shoes are left at the door.
- What do guests of {V} leave at the door?
- May I wear shoes in {V}?
! When is {V} open?
! What does tea cost at {V}?

# Notice about the water
In {T}, the water will be turned off on {D}.
- When will the water be turned off in {T}?
- What happens in {T} on {D}?
The reason is a new pipe under {B}.
- Why will there be no water in {T}?
- Where is a new pipe being put in {T}?
It comes back after about {FEW} hours and may look brown at first.
- How long will {T} be without water?
- How may the water of {T} look at first?
! Whom can I ask about the water in {T}?

# Wood of the {PLANT}
The wood of the {PLANT} is heavier than water and sinks.
- Why does the wood of the {PLANT} sink?
- Does the wood of the {PLANT} float?
Its colour changes from {COLOUR} to {SHADE} within {FEW} months.
- How does the colour of {PLANT} wood change?
- How long does it take until {PLANT} wood is {SHADE}?
{JOB}s in {LAND} make {SEAT}s from it.
- Who makes {SEAT}s from {PLANT} wood?
- What is made from the wood of the {PLANT}?
! How much does the wood of the {PLANT} cost?

# {P} and {Q}
{P} and {Q} met in the {ROOM} of {C}.
- Where did {P} and {Q} meet?
- In which room did {P} meet {Q}?
One of them had locked the door by mistake, so they talked until {H}.
- Until when did {P} and {Q} talk?
- Why did {P} and {Q} talk for so long?
Two years later they married in {LAND}.
- Where did {P} and {Q} marry?
- When did {P} and {Q} marry?
! How many children do {P} and {Q} have?

# The {FEW} o'clock ferry
The ferry to {T} leaves at {H} from pier {FEW}.
- From which pier does the ferry to {T} leave?
- When does the ferry to {T} leave?
It needs {K} minutes if the sea is calm.
- How long does the ferry to {T} take?
- How many minutes does the ferry to {T} need on a calm sea?
In a storm it stays in the harbour, and your ticket counts for the next day.
- What happens to the ferry to {T} in a storm?
- Is my ticket to {T} lost if there is a storm?
Dogs travel on deck.
- Where do dogs travel on the ferry to {T}?
- Can I take my dog on the ferry to {T}?
! What does the ferry to {T} cost?

# The {METAL} mine
The {METAL} mine near {T} was closed in {Y}.
- When was the {METAL} mine closed?
- Where is the {METAL} mine?
By then, {K} people had worked in it.
- How many people worked in the {METAL} mine?
Its tunnels are now full of water, and {ANIMAL}s live at the entrance.
- What is in the tunnels of the {METAL} mine now?
- Which animals live at the {METAL} mine?
{P} leads tours to it in {MONTH}.
- Who leads tours to the {METAL} mine?
- When are there tours to the {METAL} mine?
! How deep is the {METAL} mine?

# Lost and found
Things that are found at {B} are brought to {P}.
- To whom are found things brought at {B}?
- Who keeps the things found at {B}?
She keeps them for {K} days in the {ROOM}.
- How long does {P} keep things found at {B}?
- Where does {P} keep found things?
To get something back, describe it and pay {FEW} {MONEY}.
- What do I pay to get something back at {B}?
- How do I get something back at {B}?
! When can I come to {P}?

# The {JOB} of {T}
{T} has had no {JOB} since {P} retired.
- Why does {T} have no {JOB}?
- Who was the {JOB} of {T}?
The nearest one works in {U}, {K} kilometres away.
- Where is the {JOB} nearest to {T}?
- How far is it from {T} to the nearest {JOB}?
Therefore the mayor offers a free house to anyone who takes over.
- What does the mayor of {T} offer?
- Who gets a free house in {T}?
! How old is {P}?

# Night at {B}
Once a year, children may sleep in {B}.
- How often may children sleep in {B}?
- Who may sleep in {B}?
They bring a sleeping bag and get {DISH} for dinner.
- What do children bring to {B}?
- What do children eat at {B}?
At {H}, {P} walks through the dark rooms with them.
- Who walks through {B} with the children?
- When do the children walk through {B}?
! What does a night in {B} cost?

# The {ANIMAL} and the {ANIMAL2}
The {ANIMAL} and the {ANIMAL2} look alike, but only one of them can swim.
- Do the {ANIMAL} and the {ANIMAL2} look alike?
The {ANIMAL} is the swimmer: it has a flat {BODY}.
- Which can swim, the {ANIMAL} or the {ANIMAL2}?
- What does the {ANIMAL} have that helps it swim?
The {ANIMAL2} avoids water and lives on {PLANT}s in {LAND}.
- What does the {ANIMAL2} avoid?
- Where does the {ANIMAL2} live?
- What does the {ANIMAL2} eat?
! How long can the {ANIMAL} swim?

# Model {CODE}
Model {CODE} is the smallest {N} made by {C}.
- What is model {CODE}?
- Who makes model {CODE}?
It runs for {K} hours and fits into a {O}.
- How long does model {CODE} run?
- Into what does model {CODE} fit?
The first {FEW} were given to schools in {T}.
- How many pieces of model {CODE} were given to schools?
- Who got the first pieces of model {CODE}?
! What does model {CODE} cost?
! What colour is model {CODE}?

# The {V} prize
The {V} prize is given every {FEW} years to a {JOB}.
- How often is the {V} prize given?
- Who gets the {V} prize?
It was started by {P} in {Y}.
- Who started the {V} prize?
- When was the {V} prize started?
The winner receives {K} {MONEY} and a {N} of {METAL}.
- How much money does the winner of the {V} prize get?
- What does one get with the {V} prize?
Last time it went to {Q}.
- Who won the {V} prize last time?
! Where is the {V} prize given?

# Working at {C}
{C} pays its {JOB}s {K} {MONEY} a day.
- How much does {C} pay its {JOB}s?
- What does a {JOB} earn at {C}?
Lunch is free, and so is the {CAR} from {T}.
- Is lunch free at {C}?
- What does the {CAR} to {C} cost?
Those who speak {LANG} get {FEW} percent more.
- Who gets more money at {C}?
- How much more do people who speak {LANG} get at {C}?
Send your letter to {MAIL}.
- Where do I write to work at {C}?
! How many hours do people at {C} work?
! When can I start at {C}?

# The clock of {T}
The clock of {T} is always {FEW} minutes late.
- How late is the clock of {T}?
- What is wrong with the clock of {T}?
People say that a {JOB} once stopped it to catch his {CAR}.
- Who stopped the clock of {T}?
- Why was the clock of {T} stopped?
It is wound up by {P} every {WEEKDAY}.
- Who winds up the clock of {T}?
- When is the clock of {T} wound up?
! How old is the clock of {T}?
! Who made the clock of {T}?

# Allergies
Tell {P} before you come to {B} if there is something that you cannot eat.
- Whom do I tell what I cannot eat at {B}?
- When should I tell {P} what I cannot eat?
The kitchen there uses {FOOD} in nearly everything.
- What does the kitchen of {B} use in nearly everything?
Instead of it, the cook can take {FOOD2}.
- What can the cook of {B} take instead of {FOOD}?
! What does dinner at {B} cost?

# {M} and {APP}
{M} can be connected to {APP} by cable only.
- How can {M} be connected to {APP}?
- Can I connect {M} to {APP} without a cable?
Use the {COLOUR} socket on its back.
- Which socket of {M} should I use?
- Where is the {COLOUR} socket of {M}?
As soon as a {N} appears on the screen, press {PRESS}.
- When should I press {PRESS} to connect {M}?
- What do I press when the {N} appears on {M}?
! How long must the cable of {M} be?

# The well of {T}
The well of {T} is {K} metres deep and has never been dry.
- How deep is the well of {T}?
- Has the well of {T} ever been dry?
{P} dug it in {Y} with two {JOB}s.
- Who dug the well of {T}?
- When was the well of {T} dug?
- Who helped {P} to dig the well?
Whoever throws a {N} into it has to fetch it again.
- What happens if I throw a {N} into the well of {T}?
! How cold is the water in the well of {T}?

# The {SEAT} of {P}
The {SEAT} of {P} was carved by a {JOB} from {T}.
- Who carved the {SEAT} of {P}?
- From where came the {JOB} who carved the {SEAT}?
It is covered with {COLOUR} leather that smells of {FOOD}.
- With what is the {SEAT} of {P} covered?
- What does the {SEAT} of {P} smell of?
She bought it for {K} {MONEY} in {Y}.
- How much did {P} pay for the {SEAT}?
- When did {P} buy the {SEAT}?
! How old is the {SEAT} of {P}?

# Updates of {APP}
{APP} looks for updates every {WEEKDAY}.
- When does {APP} look for updates?
- How often does {APP} look for updates?
They are installed while it is closed, never during work.
- When are updates of {APP} installed?
- Are updates of {APP} installed during work?
To switch this off, set `{KEY}` to no.
- How do I switch off the updates of {APP}?
- Which setting of {APP} is for updates?
! How large are the updates of {APP}?

# The {V} lake
The {V} lake is {K} metres deep and freezes in {MONTH}.
- How deep is the {V} lake?
- When does the {V} lake freeze?
Then people from {T} drive across it by {CAR}.
- Who drives across the {V} lake?
- How do people cross the {V} lake in winter?
In {Y} the ice broke, and {P} was saved by her {PET}.
- When did the ice of the {V} lake break?
- Who saved {P}?
! How large is the {V} lake?
! Which fish live in the {V} lake?

# Complaints
Complaints about {C} are read by {P}.
- Who reads complaints about {C}?
She answers within {FEW} days, except in {MONTH}.
- How soon does {P} answer complaints?
- When does {P} not answer within {FEW} days?
Write to {MAIL} and add the number of your order.
- Where do I send a complaint about {C}?
- What must I add to a complaint about {C}?
! Does {C} pay for complaints?

# A day in the {ROOM}
{P} opens the {ROOM} of {B} at {H} and feeds the {PET}.
- When does {P} open the {ROOM} of {B}?
- Who feeds the {PET} of {B}?
Then she sorts {N}s until lunch.
- What does {P} sort?
- Until when does {P} sort {N}s?
In the afternoon {Q} joins her, and together they clean the {SEAT}.
- Who joins {P} in the afternoon?
- What do {P} and {Q} clean?
! When does {P} go home?

# The {CROP} road
The {CROP} road ran from {T} to {U} through {LAND}.
- Where did the {CROP} road run?
- Through which country did the {CROP} road run?
Traders needed {FEW} weeks for it, with {ANIMAL}s that carried the load.
- How long did traders need for the {CROP} road?
- What carried the load on the {CROP} road?
It lost its use when the railway came in {Y}.
- Why did the {CROP} road lose its use?
- When did the railway take over from the {CROP} road?
! How long is the {CROP} road?

# {DISH} day
At the {V} school, {WEEKDAY} is {DISH} day.
- On which day is there {DISH} at the {V} school?
- What is eaten at the {V} school on {WEEKDAY}s?
It is cooked by {P} with {FOOD} from her own field.
- Who cooks the {DISH} at the {V} school?
- Where does the {FOOD} for the {V} school come from?
Pupils pay {FEW} {MONEY}; teachers pay double.
- How much do pupils of the {V} school pay for {DISH}?
- Who pays double at the {V} school?
! When is lunch at the {V} school?

# The {METAL} {N}
The {METAL} {N} was lost in {T} in {Y}.
- Where was the {METAL} {N} lost?
- When was the {METAL} {N} lost?
{K} years later a {JOB} found it inside a {FOOD2} box.
- Who found the {METAL} {N}?
- Where was the {METAL} {N} found?
- How long was the {METAL} {N} lost?
Now it hangs in {B} behind thick glass.
- Where is the {METAL} {N} now?
- Behind what does the {METAL} {N} hang?
! How heavy is the {METAL} {N}?
! Who made the {METAL} {N}?

# Sending a file with {APP}
Drag the file onto the {COLOUR} field of {APP}.
- Onto what do I drag a file in {APP}?
- How do I send a file with {APP}?
It may be up to {K} megabytes large.
- How large may a file for {APP} be?
- Size limit of {APP}?
The other side gets a link that works for {FEW} days.
- What does the other side get from {APP}?
- How long does a link of {APP} work?
! Can I send folders with {APP}?
! Does {APP} need an account?

# The choir of {T}
The choir of {T} sings in {LANG} and {LANG2}.
- In which languages does the choir of {T} sing?
{P}, who plays the {MUSIC}, has led it since {Y}.
- Who leads the choir of {T}?
- What does the leader of the choir of {T} play?
- Since when has {P} led the choir of {T}?
Its next concert is in {B}, and nobody has to pay.
- Where is the next concert of the choir of {T}?
- What does the concert of the choir of {T} cost?
! How many singers does the choir of {T} have?

# Storm in {T}
A storm tore the roof off {B} in {T} last {WEEKDAY}.
- What did the storm do in {T}?
- When was the storm in {T}?
Nobody was hurt, because the {JOB}s had already gone home.
- Was anybody hurt in the storm of {T}?
- Why was nobody hurt in {T}?
The repair will cost {K} {MONEY} and take until {MONTH}.
- How much will the repair of {B} cost?
- How long will the repair of {B} take?
! How fast was the wind in {T}?

# The {TOOL}
A {TOOL} should be oiled every {FEW} weeks.
- How often should a {TOOL} be oiled?
Before you use it, make sure that the {N} is tight.
- What must be tight before I use a {TOOL}?
- What should I check before I use a {TOOL}?
Hang it up in the {ROOM}, where it stays dry.
- Where should I hang a {TOOL}?
- Why should a {TOOL} hang in the {ROOM}?
! What does a {TOOL} cost?
! Who invented the {TOOL}?

# The people of {B}
{P} lives on the ground floor of {B} with two {PET}s.
- Who lives on the ground floor of {B}?
- What pets does {P} have?
Above her, {Q} practises the {MUSIC} every {WEEKDAY}.
- What does {Q} practise?
- When does {Q} play the {MUSIC}?
- Who lives above {P}?
The attic has been empty since a {JOB} moved out in {Y}.
- Since when has the attic of {B} been empty?
- Who moved out of the attic of {B}?
! Who owns {B}?
! What is the rent in {B}?

# Contact
The office of {C} is in {T}, opposite {B}.
- Where is the office of {C}?
- What is opposite the office of {C}?
You reach it by phone under {CODE} until {H}.
- What is the phone number of {C}?
- Until when can I call {C}?
- How can I reach {C} by phone?
In urgent cases, ask for {P}.
- Whom do I ask for at {C} in urgent cases?
! What is the e-mail address of {C}?
! Who is the head of {C}?

# The race to {T}
The race to {T} starts in {U} at {H}.
- Where does the race to {T} start?
- When does the race to {T} start?
Last year it was won by {P}, who came in {FEW} minutes before everyone else.
- Who won the race to {T} last year?
- How many minutes was {P} ahead in the race to {T}?
To take part, pay {K} {MONEY} by the end of {MONTH}.
- What does it cost to take part in the race to {T}?
- By when must I pay for the race to {T}?
! How long is the race to {T}?
! How many people run in the race to {T}?

# The {APP} API
Every request to the {APP} API needs a key in the header `{V}`.
- What does every request to {APP} need?
- In which header does {APP} expect the key?
Answers hold at most {K} rows; ask for the rest with `{KEY}`.
- How many rows does an answer of {APP} hold?
- How do I ask {APP} for more rows?
When there are too many requests, it answers with code 429 for {FEW} minutes.
- What does {APP} answer when there are too many requests?
- How long does {APP} answer with 429?
! Where do I get a key for {APP}?
! Is there a client for {APP} in {LANG}?

# Moving house
{C} will move from {T} to {U} on {D}.
- When will {C} move?
- Where will {C} move?
- From where does {C} move?
Its new rooms are half as large but have a view of the harbour.
- How large are the new rooms of {C}?
- What can be seen from the new rooms of {C}?
{P} has to pack the {N}s; everyone else packs a single box.
- Who packs the {N}s of {C}?
- How many boxes does everyone at {C} pack?
! Why does {C} move?
! What does the move of {C} cost?

# The {ANIMAL} of {B}
For {FEW} years a {ANIMAL} has lived on the roof of {B}.
- What lives on the roof of {B}?
- How long has a {ANIMAL} lived on {B}?
The guests call it {V} and leave {FOOD} on the window.
- What do guests call the {ANIMAL} of {B}?
- What do guests of {B} leave for the {ANIMAL}?
Only {P} is afraid of it.
- Who is afraid of the {ANIMAL} of {B}?
! How old is the {ANIMAL} of {B}?

# Learning {S}
{P} began to study {S} at the age of {K}.
- How old was {P} when she began to study {S}?
- What did {P} begin to study?
Her teacher, {Q}, was half as old as she.
- Who was the teacher of {P}?
- How old was the teacher of {P}?
When she passed the exam in {T}, the whole street came to dance.
- Where did {P} pass the exam?
- Who came to dance when {P} passed the exam?
! When was {P} born?

# Tides
On the island of {T}, the sea goes back twice a day.
- How often does the sea go back on the island of {T}?
For {FEW} hours people can then walk to {B}.
- How long can people walk to {B}?
- Where can people of {T} walk when the sea goes back?
A bell of {METAL} tells them when to turn round.
- What tells walkers on {T} to turn round?
- Of what is the bell of {T} made?
In {Y} {P} did not hear it and spent the night on a rock.
- Who spent a night on a rock near {T}?
- When did {P} spend a night on a rock?
! How far is it from {T} to {B}?

# Grants
{C} gives {FEW} grants a year to young {JOB}s.
- How many grants does {C} give?
- Who gets a grant from {C}?
Each of them is worth {K} {MONEY} and lasts until {MONTH}.
- How much is a grant of {C}?
- Until when does a grant of {C} last?
Letters have to be written in {LANG}.
- In which language must I write to {C} for a grant?
{P} decides, and there is no way to complain.
- Who decides about the grants of {C}?
- Can I complain about the grants of {C}?
! Until when can I ask {C} for a grant?

# The {PLANT} walk
The {PLANT} walk begins behind {B} and is {K} kilometres long.
- Where does the {PLANT} walk begin?
- How long is the {PLANT} walk?
It is marked with {COLOUR} stones and ends at a bar that sells {DRINK}.
- How is the {PLANT} walk marked?
- Where does the {PLANT} walk end?
After {SKY}, parts of it may be closed.
- When may the {PLANT} walk be closed?
! How long does the {PLANT} walk take?
! Can I ride a bicycle on the {PLANT} walk?
"""

DOCUMENTS = [parse(block) for block in BLOCKS.strip().split("\n\n")]
