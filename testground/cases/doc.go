// Package cases holds what the plan does: one file a case. Every instance runs the
// same function; instance 1 leads where one has to. Instances share nothing but what
// they publish on the sync service's topics and the states that they signal there.
package cases
