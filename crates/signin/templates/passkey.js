// Reaches authenticators for the forms that are marked with `data-passkey`: `get` signs in, `create` adds a passkey.
// The pages work without it, but for passkeys; such a form is hidden until this shows it.
"use strict";

const keys = window.PublicKeyCredential;
// A conditional question is put again before the server forgets it.
const SOONER = 4 * 60 * 1000;
let asking = new AbortController();

for (const form of document.querySelectorAll("form[data-passkey]")) {
  offer(form);
}

async function offer(form) {
  if (!keys?.parseRequestOptionsFromJSON || location.hostname !== form.dataset.site) {
    return;
  }
  form.hidden = false;
  document.querySelector("[data-passkey-missing]")?.remove();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form);
  });
  if (form.dataset.passkey === "get" && (await keys.isConditionalMediationAvailable?.())) {
    run(form, "conditional");
  }
}

async function run(form, mediation) {
  const message = form.querySelector("[role=alert]");
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  message.hidden = true;
  const again = mediation && setTimeout(() => run(form, mediation), SOONER);
  try {
    const answer = await credential(form.dataset, mediation, signal);
    form.elements.answer.value = JSON.stringify(answer);
    form.submit();
  } catch (error) {
    message.hidden = Boolean(mediation) || signal.aborted;
    console.info(error);
  }
  signal.addEventListener("abort", () => clearTimeout(again));
}

async function credential({ passkey, ask }, mediation, signal) {
  const response = await fetch(ask, { method: "POST", signal });
  if (!response.ok) {
    throw new Error(`${ask}: ${response.status}`);
  }
  const { publicKey } = await response.json();
  if (passkey === "create") {
    return navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(publicKey), signal });
  }
  return navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(publicKey), mediation, signal });
}
