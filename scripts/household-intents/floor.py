"""What simple word counting reaches on the household intents; standard library only.

    python scripts/household-intents/floor.py packages/training/assets/household-intents
"""

import csv
import math
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [(set(re.findall(r"\w+", text.lower())), label, client) for text, label, client in rows]


def naive_bayes(train):
    """Multinomial over the distinct words of a text, add-one smoothing."""
    labels, words = Counter(label for _, label, _ in train), defaultdict(Counter)
    for text, label, _ in train:
        words[label].update(text)
    vocabulary = {word for counts in words.values() for word in counts}
    totals = {label: sum(words[label].values()) + len(vocabulary) for label in labels}

    def score(text, label):
        known = (math.log((words[label][word] + 1) / totals[label]) for word in text & vocabulary)
        return math.log(labels[label] / len(train)) + sum(known)

    return lambda text: max(labels, key=lambda label: score(text, label))


def one_keyword(train):
    """The label of the one word of the text that is most loyal to a label in the training rows."""
    by_word = defaultdict(Counter)
    for text, label, _ in train:
        for word in text:
            by_word[word][label] += 1

    def loyalty(word):
        counts = by_word[word]
        return (max(counts.values()) - 0.5) / (sum(counts.values()) + 1) if counts else 0.0

    def guess(text):
        word = max(sorted(text), key=loyalty)
        return by_word[word].most_common(1)[0][0] if by_word[word] else None

    return guess


def accuracy(guess, rows):
    return 100 * sum(guess(text) == label for text, label, _ in rows) / len(rows)


def main():
    folder = Path(sys.argv[1])
    train, test = read(folder / "train.tsv"), read(folder / "test.tsv")
    largest = Counter(label for _, label, _ in train).most_common(1)[0][0]
    print(f"largest label {accuracy(lambda _: largest, test):.1f}")
    print(f"best single keyword {accuracy(one_keyword(train), test):.1f}")
    print(f"naive Bayes, all clients {accuracy(naive_bayes(train), test):.1f}")
    for client in "0123":
        own = naive_bayes([row for row in train if row[2] == client])
        mine = [row for row in test if row[2] == client]
        scores = f"on its own test {accuracy(own, mine):.1f}, on all {accuracy(own, test):.1f}"
        print(f"naive Bayes, client {client}'s rows: {scores}")


if __name__ == "__main__":
    main()
