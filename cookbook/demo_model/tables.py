"""What people ask of a program, and what they tell it: functions with requests for them, and records
with sentences that hold them. Tables of text; `toolbox` and `structure` fill them in.

A function's first line has its name and description, its second line the parameters with what kind
of value each takes (`?`: not required), its other lines are requests. A record has its keys in the
first line, and sentences.
"""

FUNCTIONS = """
get_weather: Get the weather at a location.
location=town
What is the weather in {location}?
How is the weather in {location} today?
What's the weather like in {location}?
Is it raining in {location}?
Weather in {location}
Tell me the weather for {location}.
What is the weather in {location}, CA?

get_current_weather: Gets the current weather in a given location.
location=town
What is the weather today in {location}?
What is the current weather in {location}?
How warm is it in {location} right now?

get_weather: Get the current weather in a city
city=town unit=celsius|fahrenheit
What is the temperature in {city} in {unit}?
Weather for {city} in {unit}, please.
How is the weather in {city}? Use {unit}.

add: Add two numbers.
a=integer b=integer
What is {a} + {b}?
What is {a} plus {b}?
Add {a} and {b}.
Sum {a} and {b}
What is {a} + {b}

my_adder_tool: Tool that adds two integers.\\n\\n            Takes two integers, a and b, and returns their sum.
a=integer b=integer
What is {a} + {b}
What is {a} + {b}?
Please add {a} and {b}.

multiply: Multiply a and b.
a=number b=integer
What is {a} times {b}?
Multiply {a} by {b}.
Calculate {a} * {b}

magic_function: Apply a magic function to an input.
input=integer
What is the value of magic_function({input})? Use the tool.
Apply the magic function to {input}.
What does magic_function give for {input}?

magic_function_no_args: Calculate a magic function.
-
What is the value of magic_function_no_args()? Use the tool.
Run the magic function without arguments.

unicode_customer: Tool for creating a customer with Unicode name.
customer_name=foreign description=thing
Create a customer named '{customer_name}' ({x}) - a {description}
Create a customer named '{customer_name}' - a {description}
New customer {customer_name}, a {description}

greeting_generator: Generate a greeting in a particular style of speaking.
answer_style=STYLES
Using the tool, generate a {answer_style} greeting.
Generate a {answer_style} greeting.

send_email: Send an email.
to=email subject=phrase
Send an email to {to} with subject {subject}.
Email {to} about {subject}.
Write to {to}, subject {subject}

send_message: Send a message to a person
recipient=person text=phrase
Send {recipient} the message '{text}'.
Tell {recipient}: {text}
Message {recipient} saying {text}

set_timer: Sets a timer.
minutes=integer
Set a timer for {minutes} minutes.
Start a {minutes} minute timer.
Wake me in {minutes} minutes

set_alarm: Set an alarm clock
time=clock
Wake me up at {time}.
Set an alarm for {time}.
I need an alarm at {time}

book_flight: Book a flight between two cities.
origin=town destination=town date=iso_date
Book a flight from {origin} to {destination} on {date}.
I want to fly from {origin} to {destination} on {date}
Get me a plane to {destination} from {origin} on {date}.

book_table: Reserve a table in a restaurant
restaurant=invented people=integer
Book a table at {restaurant} for {people} people.
Reserve a table for {people} at {restaurant}.
We are {people} and want to eat at {restaurant}.

book_hotel: Books a hotel room.
city=town nights=integer
Find me a hotel in {city} for {nights} nights.
Book {nights} nights in {city}.
I need a room in {city} for {nights} nights

translate: Translate text into another language.
text=phrase language=LANGUAGES
Translate '{text}' into {language}.
How do you say '{text}' in {language}?
Translate {text} to {language}

search: Search the web.
query=phrase
Search for {query}.
Look up {query}
Find pages about {query}.
Google {query}

search_documents: Search the document index
query=phrase limit=integer
Find {limit} documents about {query}.
Search the documents for {query}, at most {limit} results.

get_stock_price: Returns the stock price of a company
symbol=code
What is the stock price of {symbol}?
How much is a share of {symbol}?
Price of {symbol} stock

get_time: Current time in a city.
city=town
What time is it in {city}?
Tell me the time in {city}.
Current time in {city}?

get_date: Returns the current date.
-
What is the date today?
Which day is it?
Tell me today's date.

convert_currency: Convert an amount of money.
amount=number from_currency=USD|EUR|GBP|JPY to_currency=USD|EUR|GBP|CHF
Convert {amount} {from_currency} to {to_currency}.
How much is {amount} {from_currency} in {to_currency}?

play_song: Play music
title=work artist=person
Play {title} by {artist}.
I want to hear {title} by {artist}.
Put on {title} from {artist}

set_temperature: Set the temperature of a room.
room=NOUNS degrees=number
Set the {room} to {degrees} degrees.
Make the {room} {degrees} degrees warm.
Heat the {room} to {degrees}

turn_on_light: Switch the light of a room
room=NOUNS brightness?=integer
Turn on the light in the {room} with brightness {brightness}.
Light in the {room} at {brightness} percent.

create_event: Create a calendar event.
title=phrase date=iso_date
Create an event '{title}' on {date}.
Put {title} in my calendar for {date}.
Schedule {title} on {date}

read_file: Read a file.
path=path
Read the file {path}.
What is in {path}?
Open {path}
Show me {path}

delete_file: Deletes a file from disk
path=path force=boolean
Delete {path} with force {force}.
Remove the file {path}, force={force}.

create_user: Create a user account.
name=person email=email admin=boolean
Create a user {name} with email {email}, admin {admin}.
Add user {name}, {email}, admin: {admin}

create_contact: Adds a contact
name=foreign phone=code
Add {name} with phone {phone} to my contacts.
New contact: {name}, phone {phone}.
Save {name} ({phone}) as a contact

get_capital: Get the capital of a country
country=invented
What is the capital of {country}?
Capital of {country}?

count_letters: Count letters in a word.
word=foreign
How many letters does {word} have?
Count the letters of {word}.

order_food: Order food
dish=thing quantity=integer
Order {quantity} {dish}.
I want {quantity} portions of {dish}
Please get {quantity} times {dish}.

find_person: Look up a person in the directory.
name=person
Who is {name}?
Find {name} in the directory.
Look up {name}.

get_song_info: Information about a song
title=foreign
Tell me about the song {title}.
Who sings {title}?

post_comment: Post a comment
text=foreign post_id=integer
Comment {text} on post {post_id}.
Post the comment '{text}' under {post_id}

color_picker: Input your fav color and get a random fact about it.
fav_color=ADJECTIVES
My favourite colour is {fav_color}.
Give me a fact about {fav_color}.
I like {fav_color}

book_tickets: Book tickets for a day.
day=DAYS count=integer
Book {count} tickets for {day}.
I need {count} tickets on {day}.
{count} tickets for {day}, please.

query_engine_tool: Useful for answering questions about the documents.
input=phrase
What do the documents say about {input}?
Ask the documents about {input}.

get_forecast: Weather forecast for the next days.
city=town days=few
What will the weather be in {city} over the next {days} days?
Give me a {days} day forecast for {city}.
I travel to {city}. Show me the forecast for {days} days.
Forecast for {city}, {days} days

get_sunrise: When the sun rises in a place.
place=town
When does the sun come up in {place}?
Sunrise in {place}?
I want to see the sunrise in {place}. At what time is it?
Tell me when it gets light in {place}.

get_air_quality: Quality of the air in a city right now
city=town
Is the air in {city} clean today?
How good is the air in {city}?
Can I go for a run in {city}, or is the air too bad?
Check the air in {city}.

find_restaurant: Find restaurants of a kind in a city.
city=town cuisine=Italian|Thai|Mexican|Indian|Greek
Where can I eat {cuisine} food in {city}?
We are hungry and like {cuisine} food. What is there in {city}?
Find a {cuisine} restaurant in {city}.
{cuisine} places in {city}, please

find_hotel: Find hotels in a city below a price.
city=town max_price=integer
I need a bed in {city} that costs at most {max_price}.
Which hotels in {city} cost less than {max_price} a night?
Look for hotels in {city} up to {max_price}.

rent_car: Rent a car in a city.
city=town days=few automatic=boolean
Rent me a car in {city} for {days} days, automatic: {automatic}.
I need a car in {city}. I keep it {days} days. Automatic is {automatic}.
Get a car for {days} days in {city} with automatic {automatic}

call_taxi: Send a taxi to an address.
pickup=building destination=town
Send a taxi to {pickup}, I have to get to {destination}.
I am at {pickup} and want to go to {destination} by taxi.
Taxi from {pickup} to {destination}, please.

get_directions: Find the way from one place to another.
start=town goal=town mode=walking|driving|cycling
How do I get from {start} to {goal} by {mode}?
I am in {start}. Show me the way to {goal}, I am {mode}.
{mode} directions from {start} to {goal}

get_distance: How far two cities are from each other, in kilometres.
first=town second=town
How far is it from {first} to {second}?
What is the distance between {first} and {second}?
How many kilometres are there between {first} and {second}?
Measure the way from {first} to {second}.

search_flights: Search flights.
from_city=town to_city=town
Which flights go from {from_city} to {to_city}?
Can I fly to {to_city} from {from_city}?
Show all flights between {from_city} and {to_city}.
I live in {from_city} and have to be in {to_city} soon. Find flights.

cancel_booking: Cancel a booking by its number.
booking=code
Cancel my booking {booking}.
I cannot come. Please cancel {booking}.
My plans have changed, so drop the booking {booking}.
The booking {booking} is not needed any more.

check_in: Check a passenger in for a flight.
flight=code passenger=person
Check {passenger} in for flight {flight}.
{passenger} flies with {flight} tomorrow. Do the check-in.
I want to check in {passenger}, flight {flight}

get_departures: List the trains that leave a station.
station=building
Which trains leave from {station}?
Show me the departures at {station}.
I am standing at {station}. What leaves from here?
Departures {station}

create_note: Write a note.
title=phrase text=phrase
Write a note called {title} that says {text}.
Make a note with the title {title}: {text}
Note this under {title}: {text}.
New note, title {title}, text {text}

find_note: Find notes that contain a text.
text=phrase
Where did I write about {text}?
Find my notes on {text}.
I had a note that said {text}. Find it.
Search my notes for '{text}'.

add_to_list: Put an item on a list.
item=thing list=shopping|packing|reading
Put {item} on the {list} list.
Add {item} to my {list} list, please.
We are out of {item}. It goes on the {list} list.
{list} list: {item}

clear_list: Remove everything from a list.
list=thing
Empty the list {list}.
I do not need anything on the list {list} any more, clear it.
Clear {list}, please.

add_task: Add a task to the plan.
task=phrase priority=low|normal|high
Add the task '{task}' with {priority} priority.
I must not forget {task}. Its priority is {priority}.
New task: {task}, priority {priority}
Put {task} on my plan, {priority} priority.

complete_task: Mark a task as done.
task_id=integer
Task {task_id} is done.
I have finished task {task_id}, tick it off.
Mark number {task_id} as done.
Complete the task {task_id}.

set_reminder: Remind the user of something.
text=phrase time=clock
Remind me of {text} at {time}.
At {time} I have to think of {text}. Remind me.
Set a reminder for {time}: {text}
Do not let me forget {text}, remind me at {time}.

list_events: List the events of a day.
date=iso_date
What is on my calendar on {date}?
Do I have anything to do on {date}?
Show me all events of {date}.
Am I free on {date}? Have a look.

move_event: Move an event to another day.
event=phrase new_date=iso_date
Move {event} to {new_date}.
I cannot make it. Put {event} on {new_date} instead.
{event} takes place on {new_date} now, please change it.

invite_guest: Invite a person to an event.
guest=person event=work
Invite {guest} to {event}.
{guest} should come to {event}, too. Send an invitation.
I want {guest} to be at {event}.

send_invoice: Send an invoice to a customer.
customer=company amount=integer
Send {customer} an invoice over {amount} euros.
{customer} owes us {amount}. Write the invoice.
Bill {customer} for {amount}.
An invoice of {amount} for {customer}, please.

pay_bill: Pay a bill.
number=code amount=number
Pay the bill {number}, it is {amount}.
Bill {number} over {amount} is due today. Pay it.
I owe {amount} for {number}, settle that.

get_transactions: List what was paid from an account.
account=digits limit=few
Show me the last {limit} payments of account {account}.
What went out of {account}? The last {limit} are enough.
List {limit} transactions of {account}.

get_exchange_rate: Exchange rate of two currencies.
base=USD|EUR|GBP|JPY|CHF target=USD|EUR|GBP|JPY|CHF
How many {target} do I get for one {base}?
What is the rate from {base} to {target}?
{base} to {target} rate
I have {base} and need {target}. What is the rate?

calculate_tip: Calculate the tip for a bill.
total=number percent=few
The bill is {total}. How much is a tip of {percent} percent?
How much do I tip on {total} at {percent} percent?
{percent} percent tip on {total}

calculate_loan: Monthly payment of a loan.
amount=integer years=few rate=number
I borrow {amount} for {years} years at {rate} percent. What do I pay a month?
What does a loan of {amount} cost a month over {years} years with a rate of {rate}?
Loan: {amount}, {years} years, {rate} percent

subtract: Subtract b from a.
a=integer b=integer
What is {a} - {b}?
Take {b} from {a}.
What is {a} minus {b}?
Subtract {b} from {a}.
How much is left if I take {b} away from {a}?

divide: Divide a by b.
a=number b=number
What is {a} divided by {b}?
Divide {a} by {b}.
{a} / {b}
How often does {b} go into {a}?

square_root: Square root of a number.
number=number
What is the square root of {number}?
Square root of {number}, please.
Which number times itself makes {number}?

power: Raise a number to a power.
base=few exponent=few
What is {base} to the power of {exponent}?
{base} ** {exponent}
Raise {base} to the power {exponent}.

random_number: Draw a random number between two others.
low=few high=integer
Draw a number between {low} and {high}.
Pick any number from {low} to {high}.
I need a random number, at least {low} and at most {high}.

convert_temperature: Convert a temperature.
value=number to=celsius|fahrenheit|kelvin
What is {value} degrees in {to}?
Convert {value} degrees to {to}.
My oven shows {value}. How much is that in {to}?

convert_weight: Convert a weight from one unit to another
weight=number from_unit=pounds|kilograms|ounces|grams to_unit=pounds|kilograms|ounces|grams
How many {to_unit} are {weight} {from_unit}?
{weight} {from_unit} in {to_unit}
The parcel weighs {weight} {from_unit}. What is that in {to_unit}?

search_products: Search the shop for products.
query=thing max_price=integer
I am looking for a {query} below {max_price} euros.
Do you sell a {query} for less than {max_price}?
Find {query} up to {max_price}.
Show me every {query} that costs at most {max_price}

add_to_cart: Put a product in the cart.
product=product quantity=few
Put {quantity} {product} in my cart.
I take {quantity} of {product}.
{quantity} times {product} in the cart, please.
Add {product} to the cart, quantity {quantity}.

get_order_status: State of an order.
order_id=code
Where is my order {order_id}?
Has the order {order_id} been sent?
I am still waiting for {order_id}. What is its status?
Status of {order_id}

track_package: Where a package is now.
tracking_number=digits
Where is the package {tracking_number}?
My package has not come. Its number is {tracking_number}.
Track {tracking_number}.
Find out where {tracking_number} is right now

apply_coupon: Use a coupon for the cart.
coupon=code
Use the coupon {coupon}.
I have a coupon, it is {coupon}.
Here is my code {coupon}, take it off the price.

write_review: Write a review of a product.
product=product stars=few text=phrase
Give {product} {stars} stars and write: {text}
My review of {product}: {stars} stars, {text}.
Review {product} with {stars} stars and the text {text}.

play_playlist: Play a playlist.
playlist=thing shuffle=boolean
Play my playlist {playlist} with shuffle {shuffle}.
I am in the mood for {playlist}. Shuffle is {shuffle}.
Start the playlist {playlist}, shuffle={shuffle}

pause_music: Pause the music.
-
Pause the music.
Can you be quiet for a moment?
The phone is ringing, pause that song.
Hold the music, please.

next_song: Skip to the next song.
-
Skip this song.
I do not like this one, go on to the next.
Next song, please.
Play something else after this.

find_movie: Find movies of an actor.
actor=person year=year_number
Which movies did {actor} make in {year}?
Find a movie with {actor} from {year}.
I want to see {actor} in something of {year}.

recommend_book: Recommend a book about a subject.
subject=SUBJECTS
I would like to read something about {subject}.
Which book about {subject} is good?
Recommend me a book on {subject}.
My sister studies {subject}. Which book could I give her?

define_word: Meaning of a word.
word=NOUNS
What does the word {word} mean?
Define {word}.
Explain the word '{word}' to me.
I do not know what {word} means, look it up.

spell_word: Spell a word, letter by letter.
word=foreign
How do you spell {word}?
Spell {word} for me.
Spell the name {word}, letter by letter.

detect_language: Find out the language of a text.
text=foreign
Which language is {text}?
I got a letter that says {text}. What language is that?
In what language is '{text}' written?
Detect the language of {text}

summarize_text: Make a text shorter.
text=phrase sentences=few
Put '{text}' into {sentences} sentences.
Summarise {text} in {sentences} sentences.
I have no time to read {text}, make {sentences} sentences of it.

fix_grammar: Correct the grammar of a text.
text=phrase
Correct this: {text}
Is '{text}' right? Fix it.
Fix the grammar of {text}.

turn_off_light: Switch off the light of a room.
room=NOUNS
Switch off the light in the {room}.
Nobody is in the {room}, so turn the light off there.
Make it dark in the {room}.
The light in the {room} is still on, please put it out.

set_light_color: Change the colour of a light.
lamp=thing color=red|green|blue|white|yellow
Make the {lamp} {color}.
I want the {lamp} to be {color}.
Change the colour of the {lamp} to {color}.
The {lamp} should shine {color}

close_blinds: Close the blinds of a room.
room=NOUNS
The sun blinds me in the {room}, close the blinds.
Close the blinds in the {room}.
Let the blinds down in the {room}, please.

start_vacuum: Let the robot clean a room.
room=NOUNS
Clean the {room} with the robot.
There is dust in the {room}. Send the robot.
Vacuum the {room}.
Start the vacuum in the {room}

set_oven: Heat the oven.
degrees=integer minutes=integer
Heat the oven to {degrees} degrees for {minutes} minutes.
I bake a cake: {minutes} minutes at {degrees} degrees.
Oven at {degrees}, {minutes} minutes

arm_alarm: Switch the burglar alarm on with a code.
code=digits
We are leaving. Arm the alarm with {code}.
Switch the alarm on, the code is {code}.
Alarm on, {code}

open_garage: Open the garage.
-
Open the garage.
I am coming home, let me into the garage.
Could you open the garage for me?

get_energy_use: Energy that a device used on a day.
device=thing date=iso_date
How much power did the {device} use on {date}?
What did the {device} take on {date}?
Show the energy of the {device} for {date}.

log_weight: Write down the weight of the user.
kilograms=number
I weigh {kilograms} kilos today.
Write down that my weight is {kilograms}.
My weight this morning: {kilograms}

log_meal: Write down a meal.
meal=phrase calories=integer
I had {meal} with {calories} calories.
Write down my lunch: {meal}, {calories} calories.
Log {meal}, {calories}

log_run: Write down a run.
distance=number minutes=integer
I ran {distance} kilometres in {minutes} minutes.
Log a run of {distance} kilometres, it took me {minutes} minutes.
Today's run: {distance} km, {minutes} min

book_appointment: Make an appointment with a doctor.
doctor=person date=iso_date time=clock
I need to see {doctor} on {date} at {time}.
Make me an appointment with {doctor}, {date}, {time}.
Can {doctor} see me on {date}? {time} would be good.

find_doctor: Find a doctor of a kind in a city.
specialty=dentist|surgeon|optician city=town
I need a {specialty} in {city}.
My tooth hurts. Is there a {specialty} in {city}?
Who is a good {specialty} in {city}?
Find a {specialty} near {city}.

list_files: List the files of a folder.
folder=path
What is in the folder {folder}?
List {folder}.
Which files are there in {folder}?
Show me everything below {folder}.

copy_file: Copy a file.
source=path target=path
Copy {source} to {target}.
I need {source} at {target}, too.
Make a copy of {source} called {target}.
Put a copy of {source} into {target}

rename_file: Rename a file.
old_name=path new_name=path
Rename {old_name} to {new_name}.
{old_name} should be called {new_name}.
Give {old_name} the new name {new_name}.

write_file: Write a text to a file.
path=path content=phrase
Write {content} to {path}.
Put '{content}' into the file {path}.
Save {content} as {path}.

search_files: Search files for a text.
pattern=identifier folder=path
Where does {pattern} occur in {folder}?
Search {folder} for {pattern}.
Find {pattern} below {folder}.
grep {pattern} {folder}

run_command: Run a command on the machine.
command=identifier
Run {command}.
Execute the command {command}.
Start {command} on the machine, please.

run_tests: Run the tests of a module.
module=identifier verbose=boolean
Run the tests of {module} with verbose {verbose}.
Does {module} still pass? Set verbose to {verbose}.
Test {module}, verbose={verbose}

create_branch: Create a branch in a repository.
repository=identifier branch=identifier
Create the branch {branch} in {repository}.
I need a new branch {branch} for {repository}.
Branch {repository}, call it {branch}.

open_issue: Open an issue in a repository.
repository=identifier title=phrase
Open an issue in {repository}: {title}
Report '{title}' to {repository}.
Something is wrong with {repository}, open an issue called {title}.

close_issue: Close an issue by its number.
number=integer
Close issue {number}.
Issue {number} is solved, close it.
We can close number {number} now.

restart_server: Restart a server.
host=identifier
Restart {host}.
{host} does not answer, restart it.
The server {host} hangs. Could you restart it?
Give {host} a fresh start

get_logs: Last lines of the log of a service.
service=identifier lines=integer
Show me the last {lines} lines of the log of {service}.
What did {service} log? {lines} lines are enough.
Logs of {service}, {lines} lines

query_database: Run a query against a table.
table=identifier limit=few
Give me {limit} rows of the table {table}.
What is in the table {table}? Show {limit} rows.
Select {limit} rows from {table}.

resize_image: Resize an image.
image=path width=integer height=integer
Make {image} {width} by {height} pixels.
Resize {image} to {width}x{height}.
{image} is too large, it must be {width} wide and {height} high.

take_screenshot: Take a picture of the screen.
-
Take a screenshot.
Make a picture of my screen.
I want to keep what is on the screen.
Screenshot, please.

make_call: Call somebody on the phone.
contact=person
Call {contact}.
I need to talk to {contact} on the phone.
Ring {contact} up.
Get me {contact} on the line, please.

read_messages: Read new messages of a person.
sender=person
Did {sender} write to me?
Read me what {sender} wrote.
Any news from {sender}? Look at the messages.
Show the messages of {sender}

reply_to_email: Answer a mail.
email_id=integer text=phrase
Answer mail {email_id} with {text}.
Reply '{text}' to mail number {email_id}.
Write back to {email_id}: {text}

archive_email: Move a mail to the archive.
email_id=integer
Put mail {email_id} into the archive.
I am done with mail {email_id}, archive it.
Archive number {email_id}.

post_message: Post a message in a channel.
channel=identifier message=phrase
Post {message} in {channel}.
Tell everybody in {channel}: {message}
Write '{message}' to the channel {channel}.

request_leave: Ask for days off.
start_date=iso_date end_date=iso_date
I want to be off from {start_date} to {end_date}.
Ask for a holiday from {start_date} until {end_date}.
I take leave, first day {start_date}, last day {end_date}.

get_employee: Look up an employee by number.
employee_id=integer
Who is employee {employee_id}?
Look up the employee with the number {employee_id}.
Show me number {employee_id} of our staff.

assign_ticket: Give a ticket to a person.
ticket=code assignee=person
Give {ticket} to {assignee}.
{assignee} takes care of {ticket}.
Assign ticket {ticket} to {assignee}, please.
Let {assignee} do {ticket}

book_room: Book a meeting room.
room=invented time=clock
Book the room {room} at {time}.
We meet at {time} in {room}, book it.
Is {room} free at {time}? Then take it.

plant_info: How to care for a plant.
plant=NOUNS
How much water does a {plant} need?
How do I look after a {plant}?
My {plant} has brown leaves. What should I know about it?

get_recipe: A recipe with an ingredient.
ingredient=NOUNS servings=few
What can I cook with {ingredient} for {servings} people?
I have {ingredient} left. Give me a recipe for {servings}.
Recipe with {ingredient}, {servings} servings

get_nutrition: What is in a food.
food=thing
How healthy is {food}?
How many calories does {food} have?
What is in {food}? Look up the nutrition.

get_news: News about a topic.
topic=phrase
What is new about {topic}?
Any news on {topic}?
Tell me the latest on {topic}.
News {topic}

get_score: Result of the last game of a team.
team=company
How did {team} play?
Did {team} win?
What was the score of {team}?
Score of {team}

get_holidays: Public holidays of a country in a year.
country=invented year=year_number
Which holidays does {country} have in {year}?
When do people in {country} not work in {year}?
Holidays in {country}, {year}

get_population: How many people live in a place.
place=town
How many people live in {place}?
How big is {place}? I mean the people.
Population of {place}?

current_user: Who is signed in.
-
Who am I?
Which user is signed in?
With which name am I logged in?

generate_password: Make a password.
length=few symbols=boolean
Make me a password of {length} letters, symbols: {symbols}.
I need a new password, {length} long, with symbols {symbols}.
Password, length {length}, symbols={symbols}

generate_qr_code: Make a QR code of a text.
text=email
Make a QR code for {text}.
I want a QR code that says {text}.
Turn {text} into a QR code.

draw_picture: Draw a picture.
prompt=phrase style=oil|pencil|comic
Draw {prompt} as {style}.
I want a {style} picture of {prompt}.
Paint me {prompt}, style {style}

create_customer: Create a customer.
name=foreign city=town
We have a new customer, {name} from {city}.
Create the customer {name} in {city}.
Customer {name}, city {city}

rename_project: Rename a project.
old=foreign new=foreign
Rename the project {old} to {new}.
{old} is called {new} from now on.
The project {old} gets the name {new}.

tag_photo: Write a name on a photo.
photo=integer name=foreign
That is {name} on photo {photo}.
Tag photo {photo} with {name}.
Write {name} on picture {photo}.
"""

RECORDS = """
painting=work painter=person
{painting} is a picture by {painter}.
{painter} painted {painting}.

film=work director=person year=year_number
{director} made the film {film} in {year}.
{film} came to the cinema in {year}. It was directed by {director}.
In {year}, {film} by {director} was shown for the first time.

song=work singer=person album=work
{singer} sings {song} on {album}.
The album {album} by {singer} begins with {song}.

product=product price=integer shop=company
{shop} sells the {product} for {price} euros.
The {product} is {price} dollars at {shop}.
You get the {product} at {shop}, it costs {price}.

order=code customer=person total=number
Order {order} of {customer} comes to {total} euros.
{customer} paid {total} for the order {order}.
{customer} placed order {order}; the total is {total}.

item=thing quantity=few buyer=person
{buyer} ordered {quantity} pieces of {item}.
{quantity} {item} for {buyer}, please.
Please pack {quantity} times {item}. {buyer} fetches them later.

invoice=code amount=number due=iso_date
Invoice {invoice} over {amount} must be paid by {due}.
Please pay {amount} before {due}, the invoice is {invoice}.

train=code from_station=town to_station=town platform=few
Train {train} from {from_station} to {to_station} leaves from platform {platform}.
On platform {platform} stands {train}. It starts in {from_station} and ends in {to_station}.

departure=town arrival=town hours=few
The bus takes {hours} hours from {departure} to {arrival}.
From {departure} you reach {arrival} in {hours} hours.

event=work date=iso_date place=building
{event} takes place on {date} in {place}.
On {date} everybody meets for {event} at {place}.
Come to {place} on {date} and see {event}.

topic=phrase speaker=person room=invented
{speaker} talks about {topic} in room {room}.
In room {room} you hear {speaker} on {topic}.

meeting=phrase start=clock end=clock
The meeting about {meeting} goes from {start} to {end}.
From {start} until {end} we talk about {meeting}.

animal=invented kind=NOUNS owner=person
{animal} is a {kind} and lives with {owner}.
{owner} has a {kind} that is called {animal}.

city=town population=long_number country=invented
{city} in {country} has {population} inhabitants.
{population} people live in {city}, a city in {country}.

building=building height=integer architect=person
{building} is {height} metres high. {architect} designed it.
{architect} built {building}. It rises {height} metres.

river=invented length=integer
The river {river} is {length} kilometres long.
With {length} kilometres the {river} is a long river.

team=company points=integer rank=few
{team} is number {rank} with {points} points.
{team} has {points} points and rank {rank}.

winner=person prize=work year=year_number
{winner} won {prize} in {year}.
In {year}, {prize} went to {winner}.

patient=person doctor=person time=clock
{doctor} sees {patient} at {time}.
{patient} has an appointment with {doctor} at {time}.

sender=email subject=phrase
{sender} wrote a mail about {subject}.
There is a mail with the subject {subject} from {sender}.

file=path size=integer
The file {file} has {size} bytes.
{file} takes {size} bytes on the disk.

user=identifier role=ROLES
The user {user} is {role} here.
{user} has the role {role}.

server=identifier port=integer
{server} listens on port {port}.
You reach {server} on port {port}.

error=code line=integer file=path
{file} fails with {error} in line {line}.
Error {error} in {file}, line {line}.

bug=code severity=low|medium|high
{bug} is of {severity} severity.
The severity of bug {bug} is {severity}.

employee=person department=company salary=integer
{employee} earns {salary} a month at {department}.
{department} pays {employee} {salary} euros.

student=person subject=SUBJECTS grade=few
{student} got a {grade} in {subject}.
In {subject}, {student} has the grade {grade}.

plant=NOUNS water=few
Give the {plant} water every {water} days.
A {plant} needs water every {water} days.

recipe=work minutes=integer
{recipe} is ready in {minutes} minutes.
It takes {minutes} minutes to cook {recipe}.

car=product colour=red|blue|black|white|green plate=code
The {colour} {car} has the plate {plate}.
{plate} is the plate of a {colour} {car}.

sensor=identifier value=number
Sensor {sensor} shows {value}.
The value of {sensor} is {value} now.

customer=foreign city=foreign
{customer} lives in {city}.
Our customer {customer} has moved to {city}.

company=company founder=person year=year_number
{founder} founded {company} in {year}.
{company} was founded in {year} by {founder}.

name=person street=building phone=digits
{name} lives near {street} and has the number {phone}.
You reach {name} at {phone}. The address is {street}.

book=code shelf=few borrowed=boolean
Book {book} stands on shelf {shelf}, borrowed: {borrowed}.
{book}: shelf {shelf}, borrowed {borrowed}
"""

ASIDES = """It is getting late.
I am in a hurry.
I am new here.
My brother asked me to do it.
I have a lot to do today.
My hands are full.
We have guests tonight.
I forgot my glasses.
The day was long.
There is not much time left.
I promised it to my daughter.
I nearly forgot.
The boss is waiting.
I hope that you can help me.
I have tried it myself, without luck.
Thanks in advance!
Thank you very much.
It is for a friend.
That would be great.
I am a bit tired.
We are almost ready.
My phone is nearly empty.
The others have gone home.
I will need it later.
Do it right away.
No hurry.
This is important.
We talked about it yesterday.
I do not know how.
I will be back soon.""".splitlines()
"""Sentences beside a request that ask for nothing."""


def blocks(table: str) -> list[list[str]]:
    """The lines of its paragraphs."""
    return [block.splitlines() for block in table.strip().split("\n\n")]


def fields(line: str) -> list[tuple[str, str]]:
    """Names and kinds of `name=kind other=kind`."""
    pairs = (field.split("=", 1) for field in line.split() if field != "-")
    return [(name, kind) for name, kind in pairs]
