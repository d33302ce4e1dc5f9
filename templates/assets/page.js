// The pages work without this. With it the reader's time zone is guessed, and a form shows what it would bring while it is
// filled in: the server says that in HTML, piece by piece, and each piece takes the place of the one with its id.

const form = document.querySelector("form[data-live]");
const RESTS_MS = 250;
/** A screen reader is told once the reader has come to rest, not at every letter. */
const SAYS_AFTER_MS = 1500;

const isShown = guessZone();
if (form) openForm(form, isShown);

/** Where nothing was chosen yet. @returns whether it changed what the form says */
function guessZone() {
  const zone = document.querySelector("select[data-guess]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !here || here === zone.value) return false;
  const known = [...zone.options].some((option) => option.value === here);
  if (!known) zone.add(new Option(here.replaceAll("_", " "), here));
  zone.value = here;
  return true;
}

function openForm(form, isChanged) {
  let asking = new AbortController();
  let resting = 0;
  let saying = 0;

  const ask = async (href, press) => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const body = new URLSearchParams(new FormData(form));
    for (const name of ["email", "homepage", "altcha"]) body.delete(name); // nobody's business yet
    if (press) body.set("do", press);
    const answer = await fetch(href, { method: "POST", body, signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(old.id);
      if (fresh && fresh.outerHTML !== old.outerHTML) old.replaceWith(fresh);
    }
    for (const says of form.querySelectorAll(".says")) {
      const field = document.getElementById(says.id.replace(/-says$/, ""));
      if (says.querySelector(".wrong")) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    clearTimeout(saying);
    saying = setTimeout(() => {
      document.getElementById("said").textContent = document.getElementById("preview-count")?.textContent ?? "";
    }, SAYS_AFTER_MS);
    return page;
  };
  // The one that was left for a newer one, or no network: what stands there is as good as it gets.
  const show = () => ask(form.dataset.live).catch(() => {});

  form.addEventListener("input", ({ target }) => {
    if (target.name === "email") return;
    clearTimeout(resting);
    resting = setTimeout(show, RESTS_MS);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button || !/^(add|remove|show)/.test(button.value)) return;
    event.preventDefault();
    clearTimeout(resting);
    if (button.value === "show") {
      show().then(() => document.getElementById("preview").scrollIntoView());
      return;
    }
    ask(button.formAction, button.value)
      .then((page) => {
        const watches = page.getElementById("watches");
        document.getElementById("watches").replaceWith(watches);
        const last = [...watches.querySelectorAll("fieldset.watch")].at(-1);
        (button.value === "add" ? last : watches).querySelector("input:not([type=hidden]), textarea, button").focus();
      })
      // Without an answer the browser's own way is left, and says what is wrong.
      .catch(({ name }) => name === "AbortError" || form.requestSubmit(button));
  });
  if (isChanged) show();
}
