/** The run's own words for a row of data and for who takes part, in both numbers. */

/** A noun in both numbers. */
export interface Noun {
  readonly one: string;
  readonly many: string;
}

/** The two nouns that a run brings; `row` and `participant` where it names none. */
export interface Nouns {
  /** What a row of the file is. */
  readonly subject: Noun;
  /** What a data holder is. */
  readonly party: Noun;
}

/** Nouns whose plural no rule gives. */
const irregular: Readonly<Record<string, string>> = {
  person: "people",
  child: "children",
  man: "men",
  woman: "women",
  analysis: "analyses",
  diagnosis: "diagnoses",
  series: "series",
};

/** The English plural of a noun, by its last word. */
function plural(noun: string): string {
  const [, head = "", last = noun] = /^(.*\s)?(\S+)$/.exec(noun) ?? [];
  const known = irregular[last];
  if (known !== undefined) return head + known;
  if (/[^aeiou]y$/.test(last)) return `${head}${last.slice(0, -1)}ies`;
  return head + last + (/(s|x|z|ch|sh)$/.test(last) ? "es" : "s");
}

/** A run's nouns. */
export function nounsOf(run: {
  readonly subject: string | null;
  readonly party: string | null;
}): Nouns {
  return { subject: nounOf(run.subject, "row"), party: nounOf(run.party, "participant") };
}

function nounOf(word: string | null, otherwise: string): Noun {
  const one = word === null || word.trim() === "" ? otherwise : word.trim();
  return { one, many: plural(one) };
}

/** The noun in the number that a count asks for. */
export function inNumber(count: number, { one, many }: Noun): string {
  return count === 1 ? one : many;
}

/** "a" or "an" with a noun. */
export function withArticle({ one }: Noun): string {
  return `${/^[aeiou]/i.test(one) ? "an" : "a"} ${one}`;
}
