export { Client, Problem, GatewayAway, newID, signInParam, registrationParam } from './client.js'
export { Reporter } from './reporter.js'
