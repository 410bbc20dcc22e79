// Single keys: to what carries `data-key`, and from line to line. Everything is reached without them, too.
'use strict';

const SWITCH = 'muster-keys';
const isOn = () => {
  try { return localStorage.getItem(SWITCH) !== 'off'; } catch { return true; }
};

const isWriting = (target) => target.closest('input, textarea, select, [contenteditable]') !== null;

const step = (by) => {
  const rows = [...document.querySelectorAll('[data-row]')];
  const at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 && by < 0 ? rows.length - 1 : at + by];
  if (next) next.focus();
};

document.addEventListener('keydown', (event) => {
  if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (event.key === 'j' || event.key === 'k') {
    step(event.key === 'j' ? 1 : -1);
    return;
  }
  // A line has keys of its own; the page has the others.
  const line = document.activeElement.closest('tr, li');
  const named = `[data-key="${CSS.escape(event.key)}"]`;
  // What decides is done for a line that was chosen only.
  const found = (line && line.querySelector(named)) || document.querySelector(`${named}:not([data-deed])`);
  if (!found) return;
  event.preventDefault();
  if (found instanceof HTMLInputElement) {
    found.focus();
    found.select();
  } else {
    found.click();
    const field = found.matches('summary') && found.parentElement.querySelector('input:not([type=hidden])');
    if (field) field.focus();
  }
});

const button = document.getElementById('keys-switch');
if (button) {
  const show = () => { button.textContent = isOn() ? button.dataset.off : button.dataset.on; };
  button.hidden = false;
  button.addEventListener('click', () => {
    localStorage.setItem(SWITCH, isOn() ? 'off' : 'on');
    show();
  });
  show();
}
