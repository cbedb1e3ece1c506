/** What a browser calls itself: name and first number of its version, which is all that the organiser is told. */

/** What of a `navigator` is used. */
export interface NamedBrowser {
  readonly userAgent: string;
  readonly userAgentData?: {
    readonly brands: readonly { readonly brand: string; readonly version: string }[];
  };
}

/** Names by which browsers are known, the more particular first. */
const known = [
  ...[["Edge", /\bEdg\/(\d+)/] as const, ["Opera", /\bOPR\/(\d+)/] as const],
  ...[["Firefox", /\bFirefox\/(\d+)/] as const, ["Chromium", /\bChrom(?:e|ium)\/(\d+)/] as const],
  ["Safari", /\bVersion\/(\d+).*\bSafari\//] as const,
];

/** For example `Chromium 156`; `a browser` for one that is not known. */
export function browserName({ userAgent, userAgentData }: NamedBrowser): string {
  const brand = userAgentData?.brands.find(({ brand: name }) => !/not.?a.?brand/i.test(name));
  if (brand !== undefined) return `${brand.brand} ${brand.version}`.slice(0, 60);
  for (const [name, pattern] of known) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return "a browser";
}
