package zoo

import "vizserver/internal/fault"

// Nearest returns the name of the table that is closest to what the user wrote.
func Nearest(name string) string { return fault.Nearest(name, Names(table)) }
