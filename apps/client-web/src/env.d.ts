interface ImportMetaEnv {
  /** Origin of the coordinator, in pages that are built for a host of their own; see `build.mjs`. */
  readonly VITE_FEDTUNE_COORDINATOR?: string;
}
