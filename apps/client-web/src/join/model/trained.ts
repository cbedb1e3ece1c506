/** What exactly is trained, for those who want to know: model, method, settings, numbers, people. */
import { formatCount, formatSignificant } from "@fedtune/figures";
import type { Invitation } from "../../participant/index.ts";
import { trainedWords } from "../words/trained.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import type { Fact, Fold } from "./explain.ts";
import { bytesText, readsPictures } from "./run-words.ts";

/** The fold below the guarantee. */
export function trainedFold(invitation: Invitation): Fold {
  const { method, adapter, model, minimumExamples } = invitation;
  return {
    title: trainedWords.title,
    tag: fill(trainedWords.tag, { method: method.title, rank: formatCount(adapter.rank) }),
    facts: [
      { term: trainedWords.model, value: `${model.name}, ${bytesText(model.bytes)}` },
      { term: trainedWords.method, value: method.title, note: method.summary },
      ...adapterFacts(invitation),
      ...labelFacts(invitation),
      ...roundFacts(invitation),
      ...numberFacts(invitation),
      { term: trainedWords.minimum, value: formatCount(minimumExamples) },
      ...peopleFacts(invitation),
    ],
    lines: [],
  };
}

function adapterFacts({ adapter }: Invitation): readonly Fact[] {
  const { kind, rank, loraAlpha, targetModules } = adapter;
  return [
    {
      term: trainedWords.adapter,
      value: fill(trainedWords.adapterValue, { kind, modules: targetModules.join(", ") }),
      note: fill(trainedWords.adapterNote, {
        rank: formatCount(rank),
        alpha: formatSignificant(loraAlpha, 4),
      }),
    },
  ];
}

function labelFacts({ labels }: Invitation): readonly Fact[] {
  return labels.length === 0 ? [] : [{ term: trainedWords.labels, value: labels.join(", ") }];
}

/** What this device does in a round. Private training draws its rows itself, whatever the passes are. */
function roundFacts(invitation: Invitation): readonly Fact[] {
  const { rounds, training, privacy } = invitation;
  const { subject } = nounsOf(invitation);
  const { batchSize, maxLength, learningRate, optimizer } = training;
  const isDrawn = privacy.mode === "record-level";
  return [
    {
      term: trainedWords.rounds,
      value: fill(trainedWords.roundsValue, {
        done: formatCount(rounds.committed),
        total: formatCount(rounds.total),
      }),
    },
    {
      term: trainedWords.work,
      value: isDrawn ? drawnWork(invitation) : passesText(invitation),
      ...(isDrawn
        ? {}
        : {
            note: fill(trainedWords.step, {
              batch: formatCount(batchSize),
              subjects: inNumber(batchSize, subject),
            }),
          }),
    },
    ...(readsPictures(invitation)
      ? []
      : [
          {
            term: trainedWords.length,
            value: fill(trainedWords.lengthValue, { tokens: formatCount(maxLength) }),
          },
        ]),
    {
      term: trainedWords.optimizer,
      value: fill(trainedWords.optimizerValue, {
        name: optimizerNames[optimizer.name],
        rate: formatSignificant(learningRate, 4),
      }),
    },
  ];
}

const optimizerNames: Readonly<Record<Invitation["training"]["optimizer"]["name"], string>> = {
  adamw: "AdamW",
  sgd: "SGD",
};

function passesText(invitation: Invitation): string {
  const { localEpochs, maxSteps } = invitation.training;
  const { many: subjects } = nounsOf(invitation).subject;
  const passes = formatCount(localEpochs);
  const text = fill(localEpochs === 1 ? trainedWords.onePass : trainedWords.passes, {
    ...{ passes, subjects },
  });
  if (maxSteps === null) return text;
  return `${text}, ${fill(trainedWords.atMostSteps, { steps: formatCount(maxSteps) })}`;
}

/** Steps of private training: the guarantee counts them. */
function drawnWork({ privacy, rounds }: Invitation): string {
  const steps = privacy.mode === "none" ? 0 : Math.ceil(privacy.steps / rounds.total);
  return fill(trainedWords.drawn, { steps: formatCount(steps) });
}

function numberFacts({ numbers }: Invitation): readonly Fact[] {
  const { leaves, stays, comes } = numbers;
  return [
    { term: trainedWords.leaves, value: formatCount(leaves) },
    { term: trainedWords.stays, value: formatCount(stays) },
    { term: trainedWords.comes, value: formatCount(comes) },
  ];
}

function peopleFacts(invitation: Invitation): readonly Fact[] {
  const { joined, wanted } = invitation.participants;
  const { party } = nounsOf(invitation);
  const needed = { wanted: formatCount(wanted), parties: inNumber(wanted, party) };
  return [
    {
      term: trainedWords.people,
      value:
        joined === null
          ? trainedWords.joinedHidden
          : fill(trainedWords.joined, {
              count: formatCount(joined),
              parties: inNumber(joined, party),
            }),
      note: fill(trainedWords.wanted, needed),
    },
  ];
}
