// The pages work without this. With it the reader's time zone is guessed, and a form shows what it would bring while it is
// filled in: the server says that in HTML, piece by piece, and each piece takes the place of the one with its id.

const form = document.querySelector("form[data-live]");
const RESTS_MS = 250;
/** A screen reader is told once the reader has come to rest, not at every letter. */
const SAYS_AFTER_MS = 1500;
/** What was not answered by then is sent by the browser, which shows that it waits. */
const PATIENCE_MS = 10_000;

if (form) openForm(form, guessZone());

// Who clicks twice means it once: the second answer would be that there is nothing left to do.
addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("button")) event.preventDefault();
});

/** Where nothing was chosen yet. @returns the field, if what it says is a guess now */
function guessZone() {
  const zone = document.querySelector("select[data-guess]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // A browser that was here before may have put back what was chosen then.
  if (!zone || !here || here === "UTC" || zone.value !== "UTC") return null;
  const known = [...zone.options].find(({ value, dataset }) => value === here || dataset.formerly === here);
  if (!known) zone.add(new Option(here.replaceAll("_", " "), here));
  zone.value = known?.value ?? here;
  return zone;
}

function openForm(form, guessed) {
  let asking = new AbortController();
  let pressed = null;
  let resting = 0;
  let saying = 0;
  const renewed = new Set();

  const ask = async (href, press) => {
    asking.abort();
    const patience = new AbortController();
    asking = patience;
    const body = new URLSearchParams(new FormData(form));
    for (const name of ["email", "homepage", "altcha"]) body.delete(name); // nobody's business yet
    if (press) body.set("do", press);
    const late = setTimeout(() => patience.abort(new DOMException("no answer came", "TimeoutError")), PATIENCE_MS);
    try {
      const answer = await fetch(href, { method: "POST", body, signal: patience.signal });
      if (!answer.ok) throw new Error(`${answer.status} for ${href}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      renew(page);
      return page;
    } finally {
      clearTimeout(late);
    }
  };

  const renew = (page) => {
    for (const old of document.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(old.id);
      if (!fresh || fresh.outerHTML === old.outerHTML) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement : null;
      old.replaceWith(fresh);
      const links = [...fresh.querySelectorAll("a")];
      if (focused) (links.find(({ href }) => href === focused.href) ?? links[0])?.focus();
      renewed.add(fresh.id);
    }
    for (const says of form.querySelectorAll(".says")) {
      const field = document.getElementById(says.id.replace(/-says$/, ""));
      if (says.querySelector(".wrong")) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    clearTimeout(saying);
    saying = setTimeout(say, SAYS_AFTER_MS);
  };

  /** What is new since this was last said: how many papers there are, or what is wrong. */
  const say = () => {
    const news = [...renewed].flatMap((id) => [
      ...(document.getElementById(id)?.querySelectorAll("#preview-count, .wrong") ?? []),
    ]);
    renewed.clear();
    document.getElementById("said").textContent = news.map(({ textContent }) => textContent).join(" ");
  };

  /** A press is answered first, for the newer question would be heard instead of it. */
  const show = async () => {
    await pressed;
    return ask(form.dataset.live);
  };
  // The one that was left for a newer one, or no network: what stands there is as good as it gets.
  const showIfYouCan = () => show().catch(() => null);

  /** The watches stand still meanwhile: what was typed into them would be lost. */
  const edit = async (button) => {
    const watches = document.getElementById("watches");
    watches.inert = true;
    try {
      const fresh = (await ask(button.formAction, button.value)).getElementById("watches");
      const last = [...fresh.querySelectorAll("fieldset.watch")].at(-1);
      watches.replaceWith(fresh);
      if (document.activeElement !== document.body) return; // the reader went on
      (button.value === "add" ? last : fresh).querySelector("input:not([type=hidden]), textarea, button").focus();
    } finally {
      watches.inert = false;
    }
  };

  form.addEventListener("input", ({ target }) => {
    if (target.name === "email") return;
    clearTimeout(resting);
    resting = setTimeout(showIfYouCan, RESTS_MS);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button || !/^(add|remove|show)/.test(button.value)) return;
    event.preventDefault();
    clearTimeout(resting);
    const work =
      button.value === "show" ? show().then(() => document.getElementById("preview").scrollIntoView()) : edit(button);
    // Without an answer the browser's own way is left, and says what is wrong.
    pressed = work.catch(({ name }) => name === "AbortError" || form.requestSubmit(button));
  });
  // What is on its way is of no use any more, and must not send anything after this.
  form.addEventListener("submit", () => {
    clearTimeout(resting);
    asking.abort();
  });
  // A browser that comes back here puts into the form what stood there, and beside it stands what does not belong to it.
  addEventListener("pageshow", async ({ persisted }) => {
    const [visit] = performance.getEntriesByType("navigation");
    if (!guessed && !persisted && visit?.type === "navigate") return;
    for (const more of form.querySelectorAll("details.more"))
      more.open ||= [...more.querySelectorAll("input, textarea")].some((field) =>
        field.type === "checkbox" ? field.checked : field.value,
      );
    const isShown = await showIfYouCan();
    if (!guessed || !isShown || document.getElementById("freshness").textContent) return;
    // A zone that the server does not know would have the form refused.
    guessed.value = "UTC";
    showIfYouCan();
  });
}
