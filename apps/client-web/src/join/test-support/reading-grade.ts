/** Flesch and Kincaid's reading grade: school years that a text asks for (Kincaid et al. 1975). */

/** A silent e: at the end (not in -le after a consonant), in -ed (not after t, d), in -es (not after hissing sounds). */
const silentEnd =
  /([aeiouy].*?)(?:(?<=[aeiouyrl]l|[^l])e|(?<=[^aeiouytd])ed|(?<=[^aeiouyscgxzh])es)$/;

/** Syllables of an English word, by its groups of vowels. */
export function syllables(word: string): number {
  const letters = word.toLowerCase().replace(/[^a-z]/g, "");
  if (letters === "") return 0;
  const spoken = letters.replace(silentEnd, "$1");
  return Math.max(1, spoken.match(/[aeiouy]+/g)?.length ?? 1);
}

/** 0.39 words per sentence + 11.8 syllables per word - 15.59. */
export function readingGrade(text: string): number {
  const sentences = text.split(/[.!?]+(?:\s|$)/).filter((part) => /[a-z]/i.test(part));
  const words = text.match(/[\p{L}\p{N}’'-]+/gu) ?? [];
  if (sentences.length === 0) return 0;
  const sum = words.reduce((total, word) => total + Math.max(1, syllables(word)), 0);
  return 0.39 * (words.length / sentences.length) + 11.8 * (sum / words.length) - 15.59;
}
