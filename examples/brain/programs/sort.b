Reads a line and prints its characters in order

Each character has six cells: itself and five to work with; before the first is a 0
    >>>>>>,----------[
  put it into its place: order it and its neighbour all the way back
      ++++++++++<<<<<<[
    count both down; what both had is less and the rest makes it more
        [
          ->>>+>>>[-<<<<<+>+>->>>[-<<+>>]]<<[->>+<<]
      the neighbour was at 0
          <[
            -<+
          >]
        <<<]
        >>>>>>[-<<<<+>>>>]<<<<<[-<+>]>[->>>>+<<<<]<<<<<<<<
      ]
  go behind the last and read on
      >>>>>>[>>>>>>],----------
    ]
print all from the first on
    <<<<<<[<<<<<<]>>>>>>[.>>>>>>]++++++++++.
