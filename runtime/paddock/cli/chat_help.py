"""The help texts of the conversation. Nothing but data."""

from typing import Final

COMMANDS: Final = """\
Commands:
  /set            Change a setting of this session
  /show           Tell about the model
  /list [prefix]  List the models
  /load <model>   Go on with another model
  /save <model>   Keep this session as a model
  /clear          Forget what was said
  /bye            Leave
  /?, /help       Show this help
  /? set          The settings
  /? show         What can be shown
  /? shortcuts    The keys

Begin a message of several lines with \"\"\" and end it with \"\"\".
"""

SET: Final = """\
Settings:
  /set parameter <name> <value>  Set a parameter of the answers
  /set system <text>             Set the system message
  /set history                   Remember what is typed
  /set nohistory                 Remember nothing
  /set wordwrap                  Move words that do not fit to the next line
  /set nowordwrap                Break lines anywhere
  /set format json               Answer in JSON
  /set noformat                  Answer in any form
  /set verbose                   Show statistics after each answer
  /set quiet                     Show none
  /set think [level]             Let the model think first
  /set nothink                   Let it answer at once
"""

SHOW: Final = """\
What can be shown:
  /show info        The most important facts
  /show license     The license
  /show modelfile   The Modelfile
  /show parameters  The parameters of the model and of this session
  /show system      The system message
  /show template    The prompt template
"""

PARAMETERS: Final = """\
Common parameters:
  /set parameter seed <int>              Seed of the random numbers
  /set parameter num_predict <int>       Most tokens of an answer
  /set parameter top_k <int>             Choose among so many tokens
  /set parameter top_p <float>           Choose among the likeliest of this total probability
  /set parameter min_p <float>           Leave out what is less likely than this share of the best
  /set parameter num_ctx <int>           Tokens that the model sees
  /set parameter temperature <float>     How adventurous answers are
  /set parameter repeat_penalty <float>  How strongly repetition is held back
  /set parameter repeat_last_n <int>     How far back repetition counts
  /set parameter num_gpu <int>           Layers on the GPU
  /set parameter stop <text> <text> ...  What ends an answer
"""

SHORTCUTS: Final = """\
Keys:
  Enter            Send
  Ctrl + j         New line in the message
  Up, Ctrl + p     What was typed before
  Down, Ctrl + n   And after
  Ctrl + a, e      Beginning and end of the line
  Ctrl + b, f      One character back, one ahead
  Alt + b, f       One word back, one ahead
  Ctrl + d         Delete a character; leave, if there is none
  Ctrl + k, u, w   Delete to the end, to the beginning, a word
  Ctrl + l         Clear the screen
  Ctrl + g         Write the message in your editor
  Ctrl + c         Drop what was typed; stop an answer
  Ctrl + z         Suspend
"""

HELP: Final = {"set": SET, "show": SHOW, "shortcuts": SHORTCUTS}
