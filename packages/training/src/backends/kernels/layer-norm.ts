/** `FedtuneLayerNorm` and its gradient. */
import { float } from "./engine.ts";
import type { OwnKernel } from "./kernel.ts";
import { inputOf, numberOf } from "./kernel.ts";

/** Floating-point operations per value, roughly. */
const OPERATIONS = 12;

/** Inputs x `[rows, columns]`, gamma, beta `[columns]`, maybe residual like x; gives y, xhat like x and 1/std `[rows]`. */
export const layerNorm: OwnKernel = (call) => {
  const { heap } = call.engine;
  const x = inputOf(call, "x");
  const { residual } = call.inputs;
  const [rows = 0, columns = 0] = x.shape;
  const outputs = [heap.output(x.shape), heap.output(x.shape), heap.output([rows])];
  const parameters = [inputOf(call, "gamma"), inputOf(call, "beta")];
  call.engine.run({
    kernel: "layerNorm",
    items: rows,
    grain: 1,
    work: OPERATIONS * rows * columns,
    cells: [
      ...[columns, float(numberOf(call, "epsilon"))],
      ...[heap.address(x), residual === undefined ? 0 : heap.address(residual)],
      ...[...parameters, ...outputs].map((tensor) => heap.address(tensor)),
    ],
  });
  return outputs;
};

/** Inputs dy, gamma, xhat, inverse as {@link layerNorm} has them; gives dx. */
export const layerNormGradient: OwnKernel = (call) => {
  const { heap } = call.engine;
  const dy = inputOf(call, "dy");
  const [rows = 0, columns = 0] = dy.shape;
  const dx = heap.output(dy.shape);
  const operands = [
    dy,
    inputOf(call, "gamma"),
    inputOf(call, "xhat"),
    inputOf(call, "inverse"),
    dx,
  ];
  call.engine.run({
    kernel: "layerNormGradient",
    items: rows,
    grain: 1,
    work: OPERATIONS * rows * columns,
    cells: [columns, ...operands.map((tensor) => heap.address(tensor))],
  });
  return dx;
};
