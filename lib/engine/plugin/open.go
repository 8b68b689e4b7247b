package plugin

import (
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// Open makes the backend. A CPU plugin is told to be one device: of itself it is four, with a pool of as many threads even on two cores, where a
// small network's step then takes a quarter longer.
func (p Plugin) Open() (compute.Backend, error) {
	config := strings.TrimPrefix(p.Config, "xla:")
	if p.Path == "" {
		return xla.New(config)
	}
	return xla.NewWithOptions(config, pjrt.NamedValuesMap{"cpu_device_count": int64(1)})
}
