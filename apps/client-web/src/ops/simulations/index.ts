/** Simulated runs in the views of live ones. */
export { SimulationsPage } from "./simulations-page.tsx";
