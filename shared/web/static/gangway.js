"use strict";
// Everything works without this script, except that windows of license links close by themselves.
// A form with data-close is sent by fetch, so that the browser allows closing the window afterwards; with data-send
// it is sent at once: only pages of signed-in technicians carry that.

function say(text) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.focus();
}

async function send(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      redirect: "error",
    });
    const body = await answer.json();
    if (!answer.ok) {
      say(body.detail || "That did not work.");
      button.disabled = answer.status < 500;
      return;
    }
    say(body.message);
    form.hidden = true;
    window.close();
    // Only what still shows after the attempt is read.
    say(body.message + " You can close this window.");
  } catch {
    say("Gangway could not be reached. Please try again.");
    button.disabled = false;
  }
}

function begin() {
  for (const form of document.querySelectorAll("form[data-close]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
    if (form.hasAttribute("data-send")) send(form);
  }
}

// A page that is only prepared in advance decides nothing.
if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
else begin();
