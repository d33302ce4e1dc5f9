// The pages work without this. It only guesses the reader's time zone, where nothing was chosen yet.
const zone = document.querySelector("select[data-guess]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && here) {
  const known = [...zone.options].some((option) => option.value === here);
  if (!known) zone.add(new Option(here.replaceAll("_", " "), here));
  zone.value = here;
}
