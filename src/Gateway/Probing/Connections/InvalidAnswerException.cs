namespace Gateway.Probing.Connections;

/// <summary>An answer of HTTP that breaks a rule whose name helps whoever looks for the reason.</summary>
/// <param name="rule">What is wrong with it.</param>
internal sealed class InvalidAnswerException(string rule) : HttpIOException(HttpRequestError.InvalidResponse)
{
    public string Rule => rule;
}
