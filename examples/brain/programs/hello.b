Prints a greeting

Six cells from the first on get near their letters by one loop: 72 104 112 32 88 40
    ++++++++[> +++++++++ > +++++++++++++ > ++++++++++++++ > ++++ > +++++++++++ > +++++ <<<<<< -]
H    >.
e    >---.
ll   >----..
o    +++.
and a comma
     >>>++++.
a space
     <<.
W    >-.
o    <<.
r    +++.
l    ------.
d    --------.
and the end with an exclamation mark
     >+.
     <<<<++++++++++.
