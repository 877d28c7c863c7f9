namespace Gateway.Commands.Remote;

/// <summary>A command line that is wrong in a way that only the command itself can tell; ends with exit code 2.</summary>
internal sealed class WrongLineException(string message) : Exception(message);
