package main

import "time"

// patience bounds a wait for what has to come, however busy the machine is: it is
// there to end a test that has failed.
const patience = 60 * time.Second
