/** The time zones a reader chooses from, by part of the world. */

/** The runtime still lists some places by names they no longer go by (CLDR keeps the oldest one it ever used). */
const RENAMED: Readonly<Record<string, string>> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const FORMER: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(RENAMED).map(([former, id]) => [id, former]),
);

interface Zone {
  readonly id: string;
  readonly place: string;
  readonly formerly: string;
}

export interface ZoneRegion {
  readonly region: string;
  /** `formerly`: the name by which browsers that keep to CLDR's still call it; empty for most. */
  readonly zones: readonly Zone[];
}

/** Every zone the runtime knows, by region and name. `UTC` is in none: it is offered by itself. */
export const zoneRegions: readonly ZoneRegion[] = regionsOf(
  Intl.supportedValuesOf("timeZone").map((id) => RENAMED[id] ?? id),
);

function regionsOf(ids: readonly string[]): ZoneRegion[] {
  const regions = new Map<string, Zone[]>();
  for (const id of [...new Set(ids)].sort()) {
    const [region = "", ...place] = id.split("/");
    if (place.length === 0) continue;
    const zones = regions.get(region) ?? [];
    zones.push({ id, place: place.join(", ").replaceAll("_", " "), formerly: FORMER[id] ?? "" });
    regions.set(region, zones);
  }
  return [...regions].map(([region, zones]) => ({ region, zones }));
}
