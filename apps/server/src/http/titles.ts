/** Names of registry entries as people write them; an entry that is not here goes by its own name. */

const titles: Readonly<Record<string, string>> = {
  cellm: "CELLM",
  "fed-sb": "Fed-SB",
  fedavg: "FedAvg",
  "fedex-lora": "FedEx-LoRA",
  "fedsa-lora": "FedSA-LoRA",
  fedsvd: "FedSVD",
  "ffa-lora": "FFA-LoRA",
  flexlora: "FlexLoRA",
  flora: "FLoRA",
  hetlora: "HetLoRA",
  "lora-fair": "LoRA-FAIR",
  rolora: "RoLoRA",
  dora: "DoRA",
  lora: "LoRA",
  "lora-xs": "LoRA-XS",
  rslora: "rsLoRA",
  vera: "VeRA",
};

/** The title of a method or an adapter kind. */
export function titleOf(name: string): string {
  return titles[name] ?? name;
}
