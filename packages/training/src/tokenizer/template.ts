/** How one or two texts become a model input: special tokens and token types, read from tokenizer.json's post-processor. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";

/** One piece of a template: a text, or a special token's id. */
export type Piece =
  | { readonly text: "A" | "B"; readonly type: number }
  | { readonly id: number; readonly type: number };

/** Templates for one text and for a pair. */
export interface Templates {
  readonly single: readonly Piece[];
  readonly pair: readonly Piece[];
}

const named = z.tuple([z.string(), z.int()]);
const piece = z.union([
  z.object({ Sequence: z.object({ id: z.enum(["A", "B"]), type_id: z.int() }) }),
  z.object({ SpecialToken: z.object({ id: z.string(), type_id: z.int() }) }),
]);
const processor = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("TemplateProcessing"),
    single: z.array(piece),
    pair: z.array(piece),
    special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int()) })),
  }),
  z.object({ type: z.literal("BertProcessing"), sep: named, cls: named }),
  z.object({ type: z.literal("RobertaProcessing"), sep: named, cls: named }),
  z.object({ type: z.literal("ByteLevel") }),
]);
/** Several, one after the other: those that only move offsets say nothing of templates. */
const sequence = z.object({ type: z.literal("Sequence"), processors: z.array(z.unknown()) });

/** Texts one after the other, without special tokens. */
const bare: Templates = {
  single: [{ text: "A", type: 0 }],
  pair: [
    { text: "A", type: 0 },
    { text: "B", type: 0 },
  ],
};

/**
 * Reads the templates.
 *
 * The library drops the second text for some post-processors without a word, so pairs are put together here.
 *
 * @throws FedtuneError `model-invalid` when the post-processor is of no kind that is known
 */
export function readTemplates(postProcessor: unknown, path: string): Templates {
  if (postProcessor === null || postProcessor === undefined) return bare;
  const several = sequence.safeParse(postProcessor).data?.processors;
  if (several !== undefined) {
    const templates = several.map((one) => readTemplates(one, path));
    return templates.find((one) => one !== bare) ?? bare;
  }
  const parsed = processor.safeParse(postProcessor);
  if (!parsed.success) {
    const message = `Cannot use ${path}: its post_processor is not TemplateProcessing, BertProcessing, RobertaProcessing or ByteLevel`;
    throw new FedtuneError("model-invalid", message, { data: { path } });
  }
  switch (parsed.data.type) {
    case "TemplateProcessing":
      return fromTemplate(parsed.data, path);
    case "BertProcessing":
      return bertTemplates(parsed.data.cls[1], parsed.data.sep[1]);
    case "RobertaProcessing":
      return robertaTemplates(parsed.data.cls[1], parsed.data.sep[1]);
    case "ByteLevel":
      return bare;
    default:
      return parsed.data satisfies never;
  }
}

function fromTemplate(
  data: Extract<z.output<typeof processor>, { type: "TemplateProcessing" }>,
  path: string,
): Templates {
  const convert = (item: z.output<typeof piece>): Piece[] => {
    if ("Sequence" in item) return [{ text: item.Sequence.id, type: item.Sequence.type_id }];
    const { id, type_id: type } = item.SpecialToken;
    const special = data.special_tokens[id];
    if (special === undefined)
      throw new FedtuneError(
        "model-invalid",
        `Cannot use ${path}: its template names the unknown token "${id}"`,
        { data: { path, token: id } },
      );
    return special.ids.map((number) => ({ id: number, type }));
  };
  return { single: data.single.flatMap(convert), pair: data.pair.flatMap(convert) };
}

/** [CLS] A [SEP] and [CLS] A [SEP] B [SEP], the second text with type 1. */
function bertTemplates(cls: number, sep: number): Templates {
  const single: Piece[] = [
    { id: cls, type: 0 },
    { text: "A", type: 0 },
    { id: sep, type: 0 },
  ];
  return { single, pair: [...single, { text: "B", type: 1 }, { id: sep, type: 1 }] };
}

function robertaTemplates(cls: number, sep: number): Templates {
  const single: Piece[] = [
    { id: cls, type: 0 },
    { text: "A", type: 0 },
    { id: sep, type: 0 },
  ];
  return {
    single,
    pair: [...single, { id: sep, type: 0 }, { text: "B", type: 0 }, { id: sep, type: 0 }],
  };
}
