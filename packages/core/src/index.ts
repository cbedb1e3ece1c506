/** fedtune's contracts, round engine, codecs and numerics; pure: no clock, socket, disk or dice of its own. */
export { asFedtuneError, errorCodes, FedtuneError, isFedtuneError } from "./errors.ts";
export type { ErrorCode, ErrorData } from "./errors.ts";
export { clientId, digest, digestPattern, idPattern, runId } from "./ids.ts";
export type { ClientId, Digest, RunId } from "./ids.ts";
export { float32Bytes, fromUtf8, utf8 } from "./bytes.ts";
export { editDistance, nearest } from "./nearest.ts";
export { mergeMetrics } from "./metrics.ts";
export type { Metrics } from "./metrics.ts";
export { rngFromSeed, rngFromState } from "./rng.ts";
export type { Rng, RngState } from "./rng.ts";
export type * from "./ports.ts";

export {
  factorRoles,
  factorView,
  gatherRoles,
  layoutHash,
  layoutOf,
  scatterRoles,
  selectRoles,
} from "./adapter/layout.ts";
export type { Factor, FactorRole, FactorSpec, Layout } from "./adapter/layout.ts";
export { adapterInits } from "./adapter/kind.ts";
export type {
  AdapterInit,
  AdapterKind,
  AdapterProduct,
  AdapterSettings,
  AdapterShape,
  BaseWeight,
  InitContext,
  LinearModule,
} from "./adapter/kind.ts";
export { adapterKind, adapterKinds } from "./adapter/kinds/registry.ts";
export { kaimingDown } from "./adapter/first-values.ts";
export { adapterLayout, initialAdapter, startingResidual } from "./adapter/initial.ts";
export type { InitialChoice } from "./adapter/initial.ts";
export { readSafetensors, tensorToFloat32, writeSafetensors } from "./adapter/safetensors.ts";
export type { Safetensors, TensorToWrite, TensorView } from "./adapter/safetensors.ts";
export { readSafetensorsHeader, safetensorsHeaderBytes } from "./adapter/safetensors-header.ts";
export type { Dtype, SafetensorsHeader, TensorInfo } from "./adapter/safetensors-header.ts";
export { parseAdapterConfig, writeAdapterConfig } from "./adapter/peft-config.ts";
export type { AdapterConfig } from "./adapter/peft-config.ts";
export { peftTensorNames } from "./adapter/peft-names.ts";
export { readPeftAdapter, writePeftAdapter } from "./adapter/peft.ts";
export type { PeftAdapter, PeftFiles, PeftOptions } from "./adapter/peft.ts";
export { applyParts } from "./adapter/parts.ts";
export { decodePart, encodePart } from "./adapter/part-blob.ts";
export type { PartContext } from "./adapter/part-blob.ts";
export { modulesHash } from "./adapter/residual-blob.ts";
export { rotateDown, rotatedFactors, rotationSize } from "./adapter/rotation.ts";
export { decodeVectorBlob, encodeVectorBlob, vectorBlobBytes } from "./adapter/blob.ts";
export { decodeSparseBlob, encodeSparseBlob, maxSparseBlobBytes } from "./adapter/sparse-blob.ts";
export type { ExpectedSparseBlob, SparseBlob, SparseVector } from "./adapter/sparse-blob.ts";
export { keptCount, largest, pick, supportOf } from "./adapter/top-k.ts";
export { codecNames, codecs } from "./adapter/codec.ts";
export type { CodecName, VectorCodec } from "./adapter/codec.ts";

export {
  columns,
  combine,
  concatColumns,
  concatRows,
  frobeniusNorm,
  identity,
  innerProduct,
  matrixFrom,
  multiply,
  multiplyTransposedLeft,
  multiplyTransposedRight,
  productInner,
  productNorm,
  subtract,
  toFloat32,
  transpose,
  zeros,
} from "./linalg/matrix.ts";
export type { LowRank, Matrix } from "./linalg/matrix.ts";
export { qr, qrOfRows, triangularFactor } from "./linalg/qr.ts";
export type { QR } from "./linalg/qr.ts";
export { svd } from "./linalg/svd.ts";
export type { SVD } from "./linalg/svd.ts";
export { aggregationError } from "./linalg/aggregation-error.ts";
export type { WeightedProduct } from "./linalg/aggregation-error.ts";

export { coldStarts, noOptions, sparseMasks } from "./method.ts";
export type {
  Accumulator,
  BroadcastPart,
  Claims,
  ColdStart,
  FactoredResidual,
  HeadPolicy,
  Method,
  MethodContext,
  MethodMetrics,
  MethodResult,
  MethodUpdate,
  NoOptions,
  PaperRef,
  Plan,
  PlannedClient,
  RoundFacts,
  SparseMask,
  Sparsify,
  Tier,
} from "./method.ts";
export { describePlan, lacksOf } from "./plan-description.ts";
export type { PlanDescription, PlanSettings } from "./plan-description.ts";
export {
  checkUpdate,
  decodeUpdate,
  encodeSparseUpdate,
  encodeUpdate,
  maxUpdateBytes,
  norm,
} from "./update.ts";
export type {
  CheckedUpdate,
  ExpectedUpdate,
  SparseSource,
  UpdateChange,
  UpdateSource,
} from "./update.ts";

export { canonicalJson, deepFreeze, hashOfJson } from "./config/canonical.ts";
export { inputError, parseInput } from "./config/issues.ts";
export type { InputFix, InputIssue } from "./config/issues.ts";
export { applyOverride } from "./config/override.ts";
export type { Override } from "./config/override.ts";
export { plainMean } from "./combiner.ts";
export type { ClosedRound, CombinedUpdates, Combiner, CombinerClaims } from "./combiner.ts";
export { inspectRun, resolvedRun, resolveRun, runConfigSchema } from "./config/run-config.ts";
export type { InspectedRun, Registries, ResolvedRun, RunConfig } from "./config/run-config.ts";
export { privacyModes, runPrivacySchema } from "./config/privacy.ts";
export type { PrivacyRules, RunPrivacy } from "./config/privacy.ts";
export { roundsSchema } from "./config/rounds.ts";
export type { RoundPolicy } from "./config/rounds.ts";
export { optimizerSchema, taskSchema, trainingSchema } from "./config/training.ts";
export type { OptimizerSettings, TaskSettings, TrainingSettings } from "./config/training.ts";

export {
  encodeMessage,
  maxMessageLength,
  parseClientMessage,
  parseServerMessage,
  protocolVersion,
} from "./protocol/messages.ts";
export type {
  ClientMessage,
  DeviceFacts,
  MessageOf,
  PublishedBlob,
  RunSpec,
  ServerMessage,
} from "./protocol/messages.ts";

export { newSession, stepSession } from "./client/session.ts";
export type {
  Delivery,
  Holding,
  SessionEffect,
  SessionEnd,
  SessionEvent,
  SessionState,
  SessionStep,
  SessionTimer,
} from "./client/session-types.ts";

export {
  canonicalRequest,
  clockSkewMs,
  emptyBodyHash,
  handshakeSchema,
  isSignable,
  maxRequestLifeMs,
  publicKeySchema,
  signatureHeaders,
  signedHeadersSchema,
  socketHandshake,
} from "./security/signing.ts";
export type { RequestClaim, RequestToSign } from "./security/signing.ts";

export { openCoordinator } from "./round/coordinator.ts";
export type {
  Coordinator,
  CoordinatorPorts,
  EvaluatedModel,
  Retention,
  TimedWait,
} from "./round/coordinator.ts";
export type { CoordinatorListener } from "./round/listener.ts";
export { isLowerBetter } from "./round/early-stopping.ts";
export { combine as combineRound } from "./round/combine.ts";
export type {
  Combined,
  Combining,
  Encoded,
  RoundToCombine,
  WeightedUpdate,
} from "./round/combine.ts";
export { checkBlob, localOffload } from "./round/offload.ts";
export type {
  CheckedBlob,
  CombineJob,
  LocalWork,
  Offload,
  OffloadedRound,
} from "./round/offload.ts";
export { plainSetup, setupFromPlain } from "./round/plain-setup.ts";
export type { PlainSetup } from "./round/plain-setup.ts";
export { sampleCohort } from "./round/sampling.ts";
export type { Sample } from "./round/sampling.ts";
export { clientRank, clientStream, initialStream, prepareRun, readsBase } from "./round/setup.ts";
export type { PreparedTier, RunParts, RunSetup } from "./round/setup.ts";
export { initialState } from "./round/state.ts";
export { hasEnded, step } from "./round/step.ts";
export type { AttemptTimeline, MemberChange, MemberView } from "./round/timeline.ts";
export { waits } from "./round/waits.ts";
export type { Wait } from "./round/waits.ts";
export type { RoundRules } from "./round/attempt.ts";
export type {
  Member,
  MemberStatus,
  Participant,
  Phase,
  RoundEffect,
  RoundEvent,
  RoundState,
  TimerName,
} from "./round/types.ts";
export { newMember, sumsOf } from "./store/member-row.ts";
export type { MemberRow, MemberSums } from "./store/member-row.ts";
export { seriesSections } from "./store/store-reads.ts";
export type {
  AttemptDetails,
  Paged,
  ParticipantPage,
  ParticipantRow,
  Place,
  RoundDetails,
  RunFilter,
  SeriesPoint,
  SeriesQuery,
  StoredRun,
} from "./store/store-reads.ts";
export type {
  AggregationErrorRow,
  AttemptEnd,
  AttemptRow,
  EnrolledClient,
  Enrolment,
  EvaluationRow,
  PublishedPart,
  Resumption,
  RoundRow,
  RunEnd,
  RunHistory,
  RefusalRow,
  RunHead,
  RunRow,
  RunStatus,
  Store,
  TierAdapter,
  Traffic,
  StoredUpdate,
  UpdateRow,
} from "./store/store.ts";
export { memoryBlobs, memoryStore } from "./store/memory.ts";
export { memoryNetwork } from "./transport/memory.ts";
export type { MemoryNetwork } from "./transport/memory.ts";
export type { Fate, MemoryNetworkOptions, Passage } from "./transport/memory-options.ts";
export { virtualClock } from "./clock/virtual.ts";
export type { VirtualClock } from "./clock/virtual.ts";
