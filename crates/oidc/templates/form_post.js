// Sends the answer to the application; without this, people press the button.
"use strict";

document.getElementById("answer").submit();
