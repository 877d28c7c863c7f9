namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it binds: URLs that it cannot listen on.</summary>
internal static class KestrelEndpoints
{
    public static void Check(Section kestrel)
    {
        foreach (var endpoint in kestrel.Child("Endpoints").Children)
        {
            if (ListenUrl.Fault(endpoint.Text("Url")) is { } fault)
            {
                endpoint.Error("Url", fault, "Write http://*:8080 for all addresses, or http://10.0.0.1:8080 for one.");
            }
        }
    }
}
