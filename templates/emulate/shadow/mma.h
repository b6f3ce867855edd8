#pragma once  // all of it stands in cuda/cuda.hpp, which comes before every source
