Prints each line backwards

The first cell is 0 and stops the way back; a line stands behind it
At the end of the input a 0 is read where a line would start

>,[
    characters up to the line feed which is 10
    ----------[++++++++++>,----------]
    back to the first cell: print and clear
    <[.[-]<]
    end the line and read on
    ++++++++++.[-]>,
]
