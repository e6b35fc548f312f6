"""The pages that people open at the HTTP address. The console is built with Node.js, and is a part of the package.

What is at a path of its own is found here (`routing`), and all else goes on to the RPCs. Files are read once (`files`);
`built` says whether there are any, and imports nothing.
"""
