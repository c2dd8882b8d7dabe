include tests/unit/module.mk
include tests/filters/module.mk
include tests/talk/module.mk
include tests/fuzz/module.mk
include tests/bench/module.mk
